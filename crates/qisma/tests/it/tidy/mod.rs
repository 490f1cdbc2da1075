//! The rules of the house that a machine can hold. A message says what to do instead.
//!
//! A rule is a function from a file to the mistakes in it, so that each can be shown a bad sample.

mod documents;
mod manifests;
mod places;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the repository.
struct File {
    /// From the root, with `/` between the parts.
    path: String,
    text: String,
}

impl File {
    fn is_under(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    fn is_rust(&self) -> bool {
        self.extension() == "rs"
    }

    /// These files must spell what they forbid.
    fn is_of_tidy(&self) -> bool {
        self.is_under("crates/qisma/tests/it/tidy/")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What is built, installed or private to a machine; `.gitignore` names the same.
const NOT_OURS: &[&str] =
    &[".compiled", ".git", ".venv", "__pycache__", "data", "dist", "node_modules", "target"];

fn repository() -> Vec<File> {
    let mut files = Vec::new();
    read_folder(&root(), "", &mut files);
    assert!(files.len() > 10, "the files of the repository were not found");
    files
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository can be read") {
        let entry = entry.expect("an entry of the repository can be read");
        let name = entry.file_name().into_string().expect("our file names are UTF-8");
        let path = format!("{prefix}{name}");
        // `data` is the demo's folder at the root; deeper, a folder may be called so.
        let is_ours = !NOT_OURS.contains(&name.as_str()) || (name == "data" && !prefix.is_empty());
        if !is_ours {
            continue;
        }
        if entry.path().is_dir() {
            read_folder(&entry.path(), &format!("{path}/"), files);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(File { path, text });
        }
    }
}

/// Applies a rule to every file and shows all mistakes at once.
#[track_caller]
fn check(rule: impl Fn(&File) -> Vec<String>) {
    let mistakes: Vec<String> = repository().iter().flat_map(rule).collect();
    assert!(mistakes.is_empty(), "\n{}\n", mistakes.join("\n"));
}

#[track_caller]
fn check_refused(rule: impl Fn(&File) -> Vec<String>, path: &str, text: &str, reason: &str) {
    let mistakes = rule(&File { path: path.to_owned(), text: text.to_owned() });
    assert_eq!(mistakes.len(), 1, "{path}: {text}: {mistakes:?}");
    assert!(mistakes[0].starts_with(path), "{mistakes:?} does not begin with its file");
    assert!(mistakes[0].contains(reason), "{mistakes:?} does not say: {reason}");
}

#[track_caller]
fn check_accepted(rule: impl Fn(&File) -> Vec<String>, path: &str, text: &str) {
    let mistakes = rule(&File { path: path.to_owned(), text: text.to_owned() });
    assert_eq!(mistakes, Vec::<String>::new(), "{path}: {text}");
}
