//! How much of the Rust code is comments: between 8 and 12 of 100 lines is what reads best. Less, and
//! the reasons are missing; more, and the code is told twice.

use anyhow::Context as _;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[derive(Default)]
struct Count {
    lines: usize,
    comments: usize,
}

/// Prints the share for each crate and for all of them.
pub fn run() -> anyhow::Result<()> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for folder in ["crates", "xtask"] {
        count_folder(Path::new(folder), &mut counts)?;
    }
    let all = Count {
        lines: counts.values().map(|count| count.lines).sum(),
        comments: counts.values().map(|count| count.comments).sum(),
    };
    counts.insert("in all".to_owned(), all);
    for (name, Count { lines, comments }) in &counts {
        let percent = (comments * 100).checked_div(*lines).unwrap_or(0);
        println!("{percent:>3} % of {lines:>6} lines  {name}");
    }
    Ok(())
}

fn count_folder(folder: &Path, counts: &mut BTreeMap<String, Count>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("node_modules") {
            count_folder(&path, counts)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let count = counts.entry(crate_of(&path)).or_default();
            // Blank lines are neither.
            for line in text.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
                count.lines += 1;
                count.comments += usize::from(line.starts_with("//"));
            }
        }
    }
    Ok(())
}

/// `crates/qisma-store/src/lane.rs` belongs to `crates/qisma-store`, its tests to a line of their own.
fn crate_of(path: &Path) -> String {
    let path = path.display().to_string();
    let end = ["/src/", "/tests/"].iter().find_map(|part| Some(path.find(part)? + part.len() - 1));
    path[..end.unwrap_or(path.len())].to_owned()
}
