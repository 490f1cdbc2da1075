//! The lanes on a PostgreSQL server of their own, against what `pgbench` reaches on the same cluster.
//!
//! Its tpcb-like transaction (three updates, a select and an insert) is what people know; ours writes
//! a whole payment. The server syncs each commit on both sides.

use anyhow::{Context as _, ensure};
use std::path::Path;
use std::process::Command;
use throwaway_postgres::{Cluster, Options};

use super::lane;
use super::report::{Row, Table};

const CLIENTS: &str = "64";
const SCALE: &str = "50";

/// Measures creates and captures on a throw-away cluster.
pub fn measure(is_full: bool, table: &mut Table) -> anyhow::Result<()> {
    let cluster = cluster()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let theirs = runtime.block_on(cluster.create_database("pgbench"))?;
    let ours = runtime.block_on(cluster.create_database("qisma"))?;
    let pgbench = cluster.binaries().program("pgbench")?;
    run(&pgbench, &["-i", "-q", "-s", SCALE, theirs.url()])?;
    let seconds = if is_full { "30" } else { "10" };
    let flags = ["-M", "prepared", "-c", CLIENTS, "-j", "2", "-T", seconds, theirs.url()];
    let tps = tps(&run(&pgbench, &flags)?).context("pgbench says no rate")?;
    let payments = if is_full { "100000" } else { "20000" };
    let asked = ["--postgres", ours.url(), "--payments", payments, "--rounds", "3"];
    let found = lane::ask(&asked)?;
    for (name, what, goal) in [
        ("create", "PostgreSQL: create, 256 callers, to pgbench", 8_000),
        ("capture", "PostgreSQL: capture, same", 3_000),
    ] {
        let number = |field: String| found[field].as_u64().unwrap_or(0);
        let per_second = number(format!("{name}s_per_s"));
        table.add(Row {
            what: what.to_owned(),
            ratio_permille: Some(per_second.saturating_mul(1_000) / tps.max(1)),
            goal_permille: Some(goal),
            per_second,
            yardstick_per_second: Some(tps),
            latency_us: Some((number(format!("{name}_p50_us")), number(format!("{name}_p99_us")))),
        });
    }
    Ok(())
}

/// One with room enough that a checkpoint seldom falls into a measurement.
pub fn cluster() -> anyhow::Result<Cluster> {
    let options = Options::default()
        .with("shared_buffers", "1GB")
        .with("max_wal_size", "4GB")
        .with("checkpoint_timeout", "15min");
    Cluster::start(&options)
}

fn run(program: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| format!("{} cannot be started", program.display()))?;
    // The arguments hold a password.
    ensure!(output.status.success(), "{} failed", program.display());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads `tps = 1234.567 (without initial connection time)`.
fn tps(said: &str) -> Option<u64> {
    let line = said.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::tps;

    #[test]
    fn the_rate_is_found_in_what_pgbench_says() {
        let said = "latency average = 9.1 ms\ntps = 7012.345 (without initial connection time)\n";
        assert_eq!(tps(said), Some(7_012));
    }
}
