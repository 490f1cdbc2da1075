//! Which crate may depend on what. The compiler keeps a boundary that a Cargo.toml draws; this keeps
//! the Cargo.toml.

use super::{File, check, check_accepted, check_refused};
use toml::{Table, Value};

/// A manifest, beginnings of names it may not depend on, and why.
const BOUNDARIES: &[(&str, &[&str], &str)] = &[
    (
        "crates/qisma-domain/Cargo.toml",
        &["tokio", "rusqlite", "axum", "reqwest", "rand", "qisma", "uuid", "tracing"],
        "the domain is pure: no input or output, no clock, no chance",
    ),
    (
        "crates/qisma-store/Cargo.toml",
        &["axum", "reqwest", "askama", "qisma-sandbox", THROWAWAY],
        "the store knows SQL and nothing of HTTP, and starts no server",
    ),
    (
        "crates/qisma-sandbox/Cargo.toml",
        &["qisma"],
        "the sandbox is the other side of the wire and shares no code with the gateway",
    ),
    ("crates/qisma/Cargo.toml", &["rusqlite", "libsqlite3-sys"], "SQL is known in qisma-store"),
    ("crates/qisma/Cargo.toml", &[THROWAWAY], "the gateway starts no PostgreSQL; its tests do"),
    (
        "crates/throwaway-postgres/Cargo.toml",
        &["qisma"],
        "the servers that tests run on know nothing of what is tested",
    ),
    ("xtask/Cargo.toml", &["rusqlite", "libsqlite3-sys"], "SQL is known in qisma-store"),
];

/// Dependencies that begin like a forbidden one and are allowed: traits without a source of chance.
const ALLOWED: &[&str] = &["rand_core"];
/// The same of tests: what gives a pure crate its chance, from a seed, and a server to run on.
const ALLOWED_IN_TESTS: &[&str] = &["rand", THROWAWAY];
/// Starts servers for tests.
const THROWAWAY: &str = "throwaway-postgres";

fn boundaries(file: &File) -> Vec<String> {
    let mut mistakes = Vec::new();
    for (path, forbidden, why) in BOUNDARIES.iter().filter(|(path, ..)| *path == file.path) {
        for (list, name) in dependencies_of(&parse(file)) {
            let is_forbidden = forbidden.iter().any(|begin| name.starts_with(begin));
            let for_tests = list == "dev-dependencies" && ALLOWED_IN_TESTS.contains(&name.as_str());
            if is_forbidden && !for_tests && !ALLOWED.contains(&name.as_str()) {
                mistakes.push(format!("{path}: `{name}`: {why}"));
            }
        }
    }
    mistakes
}

/// Every crate takes the lints of the workspace, or the rules would hold in some of them only.
fn lints(file: &File) -> Vec<String> {
    let is_crate = file.path.ends_with("/Cargo.toml");
    let inherits = |manifest: &Table| {
        let lints = manifest.get("lints")?.as_table()?;
        lints.get("workspace")?.as_bool()
    };
    if !is_crate || inherits(&parse(file)) == Some(true) {
        return Vec::new();
    }
    vec![format!("{}: add `workspace = true` under `[lints]`", file.path)]
}

fn parse(file: &File) -> Table {
    file.text.parse().unwrap_or_else(|cause| panic!("{}: {cause}", file.path))
}

/// All lists of dependencies with the names of the crates in them, also those for one platform only and
/// those that go by another name.
fn dependencies_of(manifest: &Table) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for (key, value) in manifest {
        let Value::Table(table) = value else { continue };
        if key.ends_with("dependencies") {
            for (name, details) in table {
                let package = details.get("package").and_then(Value::as_str);
                names.push((key.clone(), package.unwrap_or(name).to_owned()));
            }
        } else {
            names.extend(dependencies_of(table));
        }
    }
    names
}

#[test]
fn crates_keep_their_boundaries() {
    check(boundaries);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    check(lints);
}

#[test]
fn every_boundary_is_that_of_a_crate_that_exists() {
    let files = super::repository();
    for (path, ..) in BOUNDARIES {
        assert!(files.iter().any(|file| file.path == *path), "{path} is gone");
    }
}

#[test]
fn a_dependency_across_a_boundary_is_refused() {
    for (path, forbidden, why) in BOUNDARIES {
        for name in *forbidden {
            check_refused(boundaries, path, &format!("[dependencies]\n{name} = '1'"), why);
        }
    }
}

#[test]
fn a_dependency_is_seen_in_every_list_and_under_another_name() {
    let path = "crates/qisma-domain/Cargo.toml";
    for text in [
        "[dev-dependencies]\ntokio.workspace = true",
        "[target.'cfg(unix)'.build-dependencies]\ntokio-util = '1'",
        "[dependencies]\nrt = { package = 'tokio', version = '1' }",
    ] {
        check_refused(boundaries, path, text, "the domain is pure");
    }
}

#[test]
fn traits_without_a_source_of_chance_are_accepted() {
    let path = "crates/qisma-domain/Cargo.toml";
    check_accepted(boundaries, path, "[dependencies]\nrand_core = '0.10'");
}

#[test]
fn seeded_chance_is_for_tests_only() {
    let path = "crates/qisma-domain/Cargo.toml";
    check_accepted(boundaries, path, "[dev-dependencies]\nrand = '0.10'");
}

#[test]
fn a_crate_without_the_lints_is_refused() {
    check_refused(lints, "crates/qisma/Cargo.toml", "[package]\nname = 'qisma'", "[lints]");
}
