//! Builds the binary that a harness torments.

use anyhow::{Context as _, ensure};
use std::path::PathBuf;
use std::process::Command;

/// Which binary to build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As for daily work.
    Dev,
    /// As for daily work, with the planted bugs compiled in.
    Mutants,
    /// Optimised, with the yardstick of the benchmark compiled in.
    Yardstick,
}

/// Builds the binary and copies it aside, so that a build meanwhile changes nothing under a run.
///
/// Fails when cargo does.
pub fn qisma(kind: Kind) -> anyhow::Result<PathBuf> {
    let (name, folder, arguments): (_, _, &[&str]) = match kind {
        Kind::Dev => ("qisma", "target/debug", &[]),
        Kind::Mutants => ("qisma-mutants", "target/debug", &["--features", "qisma/mutants"]),
        Kind::Yardstick => {
            ("qisma-yardstick", "target/release", &["--release", "--features", "qisma/yardstick"])
        }
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--locked", "--bin", "qisma"]).args(arguments);
    for (variable, _) in std::env::vars_os() {
        // What cargo sets for us as a running package would make crates look changed.
        let text = variable.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(variable);
        }
    }
    let status = command.status().context("cargo cannot be started")?;
    ensure!(status.success(), "the binary cannot be built; see above");
    let copies = std::env::current_dir()?.join("target/crash");
    std::fs::create_dir_all(&copies)?;
    let copy = copies.join(name);
    // A running copy cannot be written to, but its name can be taken over.
    let fresh = copies.join(format!("{name}.{}", std::process::id()));
    std::fs::copy(PathBuf::from(folder).join("qisma"), &fresh)?;
    std::fs::rename(&fresh, &copy)?;
    Ok(copy)
}
