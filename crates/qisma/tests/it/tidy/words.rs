//! What Rust files look like, and words that have no place in some of them.

use super::{File, check, check_accepted, check_refused};

const FILE_LINES_MAX: usize = 400;

/// Files that may be longer. It is empty, and a good reason is needed to change that.
const LONG_FILES: &[&str] = &[];

/// A word, the lines of Rust code it is banned from, and what to use instead.
struct Ban {
    word: &'static str,
    banned: fn(&Place) -> bool,
    instead: &'static str,
}

/// Where a line stands.
struct Place<'file> {
    file: &'file File,
    is_test: bool,
}

impl Place<'_> {
    fn is_outside(&self, folders: &[&str]) -> bool {
        !folders.iter().any(|folder| self.file.is_under(folder))
    }
}

fn outside_clock(place: &Place) -> bool {
    !place.file.path.ends_with("/clock.rs")
}

/// Where durations are put into the buckets of a histogram, which the metrics crates want as floats.
fn outside_metrics(place: &Place) -> bool {
    place.is_outside(&["crates/qisma/src/telemetry/"])
}

fn outside_http(place: &Place) -> bool {
    place.is_outside(&["crates/qisma/src/http", "crates/qisma/tests/", "crates/qisma-sandbox/"])
}

fn outside_outbound(place: &Place) -> bool {
    place.is_outside(&[
        "crates/qisma/src/acquirers",
        "crates/qisma/src/messages",
        "crates/qisma/src/outbound",
        "crates/qisma/src/workers/outbound",
        "crates/qisma/tests/",
        "crates/qisma-sandbox/",
        "xtask/",
    ])
}

fn outside_store(place: &Place) -> bool {
    place.is_outside(&["crates/qisma-store/", "crates/qisma-sandbox/"])
}

const BANS: &[Ban] = &[
    Ban { word: "SystemTime::now", banned: outside_clock, instead: "the Clock you were given" },
    Ban { word: "Timestamp::now", banned: outside_clock, instead: "the Clock you were given" },
    Ban { word: "f32", banned: outside_metrics, instead: "whole millimes, or a share in ppm" },
    Ban { word: "f64", banned: outside_metrics, instead: "whole millimes, or a share in ppm" },
    Ban {
        word: ".unwrap()",
        banned: |place| !place.is_test,
        instead: "expect, and say why it holds",
    },
    Ban { word: "rusqlite", banned: outside_store, instead: "a function of qisma-store" },
    Ban {
        word: "axum",
        banned: outside_http,
        instead: "a type of the domain; HTTP is known in http/",
    },
    Ban {
        word: "reqwest",
        banned: outside_outbound,
        instead: "the outbound client with its guard",
    },
    Ban { word: "todo!", banned: |_| true, instead: "the code, or leave the feature out" },
    Ban { word: "unimplemented!", banned: |_| true, instead: "the code, or leave the feature out" },
    Ban { word: "#[ignore", banned: |_| true, instead: "an assertion of the bug as it is" },
    Ban {
        word: "thread::sleep",
        banned: |place| place.is_test,
        instead: "the test's clock, moved",
    },
    Ban { word: "time::sleep", banned: |place| place.is_test, instead: "the test's clock, moved" },
];

fn opening(file: &File) -> Vec<String> {
    if !file.is_rust() || file.text.starts_with("//!") {
        return Vec::new();
    }
    vec![format!("{}: say what this file is for, in a //! line at its top", file.path)]
}

fn length(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    if !file.is_rust() || lines <= FILE_LINES_MAX || LONG_FILES.contains(&file.path.as_str()) {
        return Vec::new();
    }
    vec![format!(
        "{}: {lines} lines; divide it so that each file has one subject and at most {FILE_LINES_MAX}",
        file.path
    )]
}

fn bans(file: &File) -> Vec<String> {
    if !file.is_rust() || file.is_of_tidy() {
        return Vec::new();
    }
    let mut mistakes = Vec::new();
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let mut is_test =
        file.path.contains("/tests/") || name == "tests.rs" || name.starts_with("test_");
    for (index, line) in file.text.lines().enumerate() {
        // Unit tests stand at the end of a file, so from here on everything is a test.
        is_test |= line.trim() == "#[cfg(test)]";
        let place = Place { file, is_test };
        let found =
            BANS.iter().filter(|ban| has_word(code_of(line), ban.word) && (ban.banned)(&place));
        mistakes.extend(found.map(|Ban { word, instead, .. }| {
            format!("{}:{}: `{word}`: use {instead}", file.path, index + 1)
        }));
    }
    mistakes
}

/// The line without its comment. The two slashes of an address are no comment.
fn code_of(line: &str) -> &str {
    let slashes = line.match_indices("//").map(|(index, _)| index);
    let comment = slashes.into_iter().find(|index| !line[..*index].ends_with(':'));
    &line[..comment.unwrap_or(line.len())]
}

/// Whether the word stands in the line by itself, and not as a part of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(begin, _)| {
        let before = line[..begin].chars().next_back();
        let after = line[begin + word.len()..].chars().next();
        let begins = !word.starts_with(char::is_alphanumeric) || !before.is_some_and(is_of_name);
        let ends = !word.ends_with(char::is_alphanumeric) || !after.is_some_and(is_of_name);
        begins && ends
    })
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    check(opening);
}

#[test]
fn no_rust_file_is_too_long() {
    check(length);
}

#[test]
fn no_rust_file_uses_what_has_a_better_replacement() {
    check(bans);
}

#[test]
fn a_file_that_does_not_say_what_it_is_for_is_refused() {
    check_refused(opening, "xtask/src/a.rs", "fn main() {}\n", "what this file is for");
}

#[test]
fn a_file_of_too_many_lines_is_refused() {
    check_accepted(length, "xtask/src/a.rs", &"\n".repeat(FILE_LINES_MAX));
    check_refused(length, "xtask/src/a.rs", &"\n".repeat(FILE_LINES_MAX + 1), "401 lines");
}

#[test]
fn each_banned_word_is_refused() {
    for Ban { word, instead, .. } in BANS {
        // Some are banned from the code, some from the tests.
        let mistakes = ["", "#[cfg(test)]\n"].map(|begin| {
            let path = "crates/qisma/src/portal.rs".to_owned();
            bans(&File { path, text: format!("{begin}{word}") })
        });
        let mistakes = mistakes.concat();
        assert!(mistakes.iter().any(|mistake| mistake.contains(instead)), "{word}: {mistakes:?}");
    }
}

#[test]
fn a_banned_word_is_accepted_where_it_belongs() {
    check_accepted(bans, "crates/qisma/src/clock.rs", "SystemTime::now()");
    check_accepted(bans, "crates/qisma-store/src/lane.rs", "use rusqlite::Connection;");
    check_accepted(bans, "crates/qisma/src/http/router.rs", "use axum::Router;");
    check_accepted(bans, "crates/qisma/src/acquirers/smt/client.rs", "reqwest::Client");
    check_accepted(bans, "crates/qisma/tests/it/races.rs", "answer.unwrap();");
    check_accepted(bans, "crates/qisma-domain/src/test_data.rs", "answer.unwrap();");
    check_accepted(bans, "crates/qisma/src/telemetry/metrics.rs", "const BUCKETS: [f64; 1]");
    check_accepted(bans, "crates/qisma-sandbox/src/a.rs", "clock.sleep(time::sleep)");
}

#[test]
fn a_banned_word_is_accepted_within_a_longer_name_and_in_a_comment() {
    check_accepted(bans, "crates/qisma/src/a.rs", "duration.as_secs_f64(); axum_server::bind();");
    check_accepted(bans, "crates/qisma/src/a.rs", "let a = 1; // An f64 would lose millimes.");
}

#[test]
fn an_address_does_not_hide_the_code_after_it() {
    check_refused(bans, "crates/qisma/src/a.rs", "get(\"http://a\").unwrap()", "expect");
}
