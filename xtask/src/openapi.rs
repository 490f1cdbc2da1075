//! Writes `openapi.json` from the handlers. A test says when it is stale.

use anyhow::{Context as _, ensure};
use std::process::Command;

pub fn run() -> anyhow::Result<()> {
    let args = ["run", "--quiet", "--package", "qisma", "--example", "openapi"];
    let made = Command::new("cargo").args(args).output().context("cargo cannot be started")?;
    let says = String::from_utf8_lossy(&made.stderr);
    ensure!(made.status.success(), "the document could not be made:\n{says}");
    std::fs::write("openapi.json", made.stdout).context("openapi.json cannot be written")
}
