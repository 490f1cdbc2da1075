//! What the documents say exists, exists: paths, links and commands. An untested document goes stale.

use super::{File, check_accepted, check_refused, repository, root};
use std::collections::BTreeSet;
use std::process::Command;

/// Names of files that documents mention without a folder; other endings may be a user's own files.
const SOURCE_ENDINGS: &[&str] = &[".rs", ".md", ".mjs", ".py", ".sql"];
const PATH_ENDINGS: &[&str] = &[
    ".rs", ".md", ".mjs", ".py", ".sql", ".toml", ".json", ".html", ".css", ".js", ".ftl", ".txt",
];

/// What is made on each machine, and so in no clone.
const MADE_HERE: &[&str] = &["target/", "data/", "node_modules/", ".venv/"];

fn is_document(file: &File) -> bool {
    file.extension() == "md" && (file.is_under("docs/") || !file.path.contains('/'))
}

/// What stands in backticks, outside of fenced blocks.
fn code_spans(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(str::lines).flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// The lines of fenced blocks that are to be typed: those of `sh`, `bash` and `console`.
fn shell_lines(text: &str) -> Vec<&str> {
    let blocks = text.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    let typed = blocks.filter(|(kind, _)| ["sh", "bash", "console"].contains(&kind.trim()));
    typed.flat_map(|(_, lines)| lines.lines()).map(|line| line.trim_start_matches("$ ")).collect()
}

/// The part of a span that should be a file or folder, if it looks like one. `/v1/payments` is a
/// route, `docs/events/*.json` a pattern, `money::split` a function.
fn path_in<'text>(span: &'text str, files: &BTreeSet<String>) -> Option<&'text str> {
    let path = span.split_once(':').map_or(span, |(path, _)| path);
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if !path.chars().all(is_plain) || path.starts_with('/') || span.contains("::") {
        return None;
    }
    if span.contains("://") || MADE_HERE.iter().any(|made| path.starts_with(made)) {
        return None;
    }
    let top = path.split('/').next()?;
    let begins_here = files.iter().any(|file| file.starts_with(&format!("{top}/")));
    let looks_like_one = if path.contains('/') {
        begins_here || path.ends_with('/') || ends_with_any(path, PATH_ENDINGS)
    } else {
        // `.rs` alone is a kind of file.
        ends_with_any(path, SOURCE_ENDINGS) && !path.starts_with('.')
    };
    looks_like_one.then_some(path)
}

fn ends_with_any(text: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| text.ends_with(ending))
}

/// Files and folders may be named from the root or by their last parts: `http/router.rs`.
fn exists(path: &str, files: &BTreeSet<String>) -> bool {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let (end, inside) = (format!("/{path}"), format!("/{path}/"));
    files
        .iter()
        .map(|file| format!("/{file}"))
        .any(|file| file.ends_with(&end) || file.contains(&inside))
}

fn paths(document: &File, files: &BTreeSet<String>) -> Vec<String> {
    if !is_document(document) {
        return Vec::new();
    }
    let spans = code_spans(&document.text);
    let named = spans.into_iter().filter_map(|span| path_in(span, files));
    let missing = named.filter(|path| !exists(path, files));
    missing
        .map(|path| format!("{}: `{path}` does not exist (a route begins with a /)", document.path))
        .collect()
}

/// A link is relative to the document that it stands in.
fn links(document: &File, files: &BTreeSet<String>) -> Vec<String> {
    if !is_document(document) {
        return Vec::new();
    }
    let targets =
        document.text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let own = targets.filter(|target| !target.is_empty() && !target.contains(':'));
    let folder = document.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let missing = own.filter(|target| {
        let target = resolve(folder, target);
        !files.contains(&target)
            && !files.iter().any(|file| file.starts_with(&format!("{target}/")))
    });
    missing.map(|target| format!("{}: the link to {target} leads nowhere", document.path)).collect()
}

fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// Every command a document shows, as its words.
fn commands<'text>(document: &'text File, program: &[&'static str]) -> Vec<Vec<&'text str>> {
    if !is_document(document) {
        return Vec::new();
    }
    let lines = code_spans(&document.text).into_iter().chain(shell_lines(&document.text));
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    words.filter_map(|words| Some(words.strip_prefix(program)?.to_vec())).collect()
}

fn make_targets(document: &File, makefile: &str) -> Vec<String> {
    let asked =
        commands(document, &["make"]).into_iter().filter_map(|words| words.first().copied());
    let missing =
        asked.filter(|name| !makefile.lines().any(|line| line.starts_with(&format!("{name}:"))));
    missing.map(|name| format!("{}: the Makefile has no `{name}`", document.path)).collect()
}

fn xtask_names(document: &File, tasks: &str) -> Vec<String> {
    let asked = commands(document, &["cargo", "xtask"]);
    let asked = asked.into_iter().filter_map(|words| words.first().copied());
    let missing = asked.filter(|name| {
        let mut letters = name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let variant: String = first.into_iter().chain(letters).collect();
        !["(", ",", " {"].iter().any(|end| tasks.contains(&format!("\n    {variant}{end}")))
    });
    missing.map(|name| format!("{}: xtask has no `{name}`", document.path)).collect()
}

/// The words of a `qisma` command line that choose what it does: `merchant create`.
fn subcommand<'text>(words: &[&'text str]) -> Vec<&'text str> {
    let is_name =
        |word: &&str| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let mut words = words.iter().copied();
    let mut chosen = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "--json" => {}
            "--data" => drop(words.next()),
            option if option.starts_with('-') => break,
            name if is_name(&name) && chosen.len() < 2 => chosen.push(name),
            _ => break,
        }
    }
    chosen
}

fn has_help(subcommand: &[&str]) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qisma"));
    command.args(subcommand).arg("--help").output().is_ok_and(|output| output.status.success())
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|cause| panic!("{path}: {cause}"))
}

fn file_names(files: &[File]) -> BTreeSet<String> {
    files.iter().map(|file| file.path.clone()).collect()
}

#[test]
fn documents_name_only_files_that_exist() {
    let files = repository();
    let names = file_names(&files);
    super::check(|document| [paths(document, &names), links(document, &names)].concat());
}

#[test]
fn documents_show_only_chores_that_exist() {
    let (makefile, tasks) = (read("Makefile"), read("xtask/src/main.rs"));
    super::check(|document| {
        [make_targets(document, &makefile), xtask_names(document, &tasks)].concat()
    });
}

#[test]
fn documents_show_only_commands_that_the_binary_knows() {
    let files = repository();
    let shown = files.iter().flat_map(|document| commands(document, &["qisma"]));
    let asked: BTreeSet<Vec<&str>> = shown.map(|words| subcommand(&words)).collect();
    for words in asked {
        assert!(
            has_help(&words),
            "a document shows `qisma {}`; the binary refuses it",
            words.join(" ")
        );
    }
}

fn some_files() -> BTreeSet<String> {
    ["docs/api.md", "crates/qisma/src/http/router.rs", "Makefile"].map(str::to_owned).into()
}

#[test]
fn a_path_that_does_not_exist_is_refused() {
    let rule = |document: &File| paths(document, &some_files());
    for path in ["docs/gone.md", "docs/gone", "gone.rs", "http/gone.rs", "gone/", "docs/gone.md:12"]
    {
        check_refused(rule, "docs/api.md", &format!("See `{path}`."), "does not exist");
    }
}

#[test]
fn what_exists_or_is_no_path_is_accepted() {
    let rule = |document: &File| paths(document, &some_files());
    for span in ["docs/api.md", "router.rs", "http/", "http/router.rs:7", "crates/qisma/src/"] {
        check_accepted(rule, "README.md", &format!("See `{span}`."));
    }
    for span in ["/v1/a.rs", "docs/*.md", "application/json", "a::b", "http://a/b.md", "qisma.toml"]
    {
        check_accepted(rule, "README.md", &format!("See `{span}`."));
    }
    check_accepted(rule, "README.md", "```\n`docs/gone.md`\n```");
}

#[test]
fn a_link_that_leads_nowhere_is_refused() {
    let rule = |document: &File| links(document, &some_files());
    check_refused(rule, "docs/api.md", "[a](gone.md)", "leads nowhere");
    check_accepted(
        rule,
        "docs/api.md",
        "[a](api.md#top) [b](../Makefile) [c](https://a.tn) [d](#x)",
    );
}

#[test]
fn a_chore_that_does_not_exist_is_refused() {
    let makes = |document: &File| make_targets(document, "test: tools\n");
    check_refused(makes, "README.md", "Run `make tests`.", "no `tests`");
    check_accepted(makes, "README.md", "```sh\n$ make test\n```");
    let tasks = |document: &File| xtask_names(document, "enum Task {\n    Ci(Options),\n");
    check_refused(tasks, "README.md", "```sh\ncargo xtask gone --all\n```", "no `gone`");
    check_accepted(tasks, "README.md", "Run `cargo xtask ci --list`.");
}

#[test]
fn the_words_that_choose_a_command_are_found() {
    let words = |line: &'static str| subcommand(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(words("merchant create --name N"), ["merchant", "create"]);
    assert_eq!(words("--data DIR --json balance show 1234"), ["balance", "show"]);
    assert_eq!(words("verify --require-acquirer"), ["verify"]);
}
