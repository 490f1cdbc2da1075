//! Runs the store's own benchmark, which compares the lane with a bare loop.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::process::Command;

use super::report::{Row, Table};

/// Measures creates and captures in process.
pub fn measure(is_full: bool, table: &mut Table) -> anyhow::Result<()> {
    let payments = if is_full { "100000" } else { "20000" };
    let found = ask(&["--payments", payments, "--rounds", "5"])?;
    for (name, what, goal) in
        [("creates", "create, 256 callers in process", 500), ("captures", "capture, same", 400)]
    {
        let number = |field: &str| found[name][field].as_u64().unwrap_or(0);
        table.add(Row {
            what: what.to_owned(),
            ratio_permille: Some(number("ratio_permille")),
            goal_permille: Some(goal),
            per_second: number("lane_per_s"),
            yardstick_per_second: Some(number("bare_per_s")),
            latency_us: None,
        });
    }
    table.add(Row {
        what: "card refund of a quarter, same".to_owned(),
        ratio_permille: None,
        goal_permille: None,
        per_second: found["refunds_per_s"].as_u64().unwrap_or(0),
        yardstick_per_second: None,
        latency_us: None,
    });
    Ok(())
}

/// Runs the store's benchmark and reads what it found.
pub fn ask(arguments: &[&str]) -> anyhow::Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["bench", "--quiet", "--locked", "-p", "qisma-store", "--bench", "lane", "--"])
        .args(arguments)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cargo cannot be started")?;
    ensure!(output.status.success(), "the store's benchmark failed; see above");
    serde_json::from_slice(&output.stdout).context("it prints no JSON")
}
