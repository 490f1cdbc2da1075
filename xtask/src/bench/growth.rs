//! How creates slow as the tables grow, on both engines.

use anyhow::Context as _;
use tokio::runtime::Runtime;

use super::lane;
use super::report::{Row, Table};
use super::server;

const MANY: &str = "10000000";

/// Measures creates on 100,000 payments and on ten million, on the embedded store and on a server.
pub fn measure(table: &mut Table) -> anyhow::Result<()> {
    add("SQLite", &["--growth", MANY], table)?;
    let cluster = server::cluster()?;
    let database = Runtime::new()?.block_on(cluster.create_database("qisma"))?;
    add("PostgreSQL", &["--growth", MANY, "--postgres", database.url()], table)
}

fn add(engine: &str, arguments: &[&str], table: &mut Table) -> anyhow::Result<()> {
    let found = lane::ask(arguments)?;
    let number = |at: &str| {
        found.pointer(at).and_then(serde_json::Value::as_u64).with_context(|| format!("no {at}"))
    };
    table.add(Row {
        what: format!("{engine}: create on 10,000,000, to 100,000"),
        ratio_permille: Some(number("/ratio_permille")?),
        goal_permille: Some(800),
        per_second: number("/many/creates_per_s")?,
        yardstick_per_second: Some(number("/few/creates_per_s")?),
        latency_us: Some((number("/many/create_p50_us")?, number("/many/create_p99_us")?)),
    });
    Ok(())
}
