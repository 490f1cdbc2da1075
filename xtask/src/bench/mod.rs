//! Measures the gateway on this machine, and says so in ratios: an absolute rate says more about the
//! machine than about the gateway.
//!
//! The yardstick over HTTP is the same binary, which checks and parses the same requests and answers
//! them without storing; the yardstick in process is a loop of prepared statements that writes the
//! same rows in the same transactions.

mod disk;
mod http;
mod lane;
mod load;
mod report;
mod server;

use serde_json::json;

use self::report::Table;
use crate::client::build::{self, Kind};

/// How to run it.
#[derive(clap::Args)]
pub struct Options {
    /// Measure longer, and on a million payments.
    #[arg(long)]
    full: bool,
}

/// Runs it.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let binary = build::qisma(Kind::Yardstick)?;
    let mut table = Table::default();
    let disk = disk::probe()?;
    table.say(&disk.sentence());
    println!("bench: in process ...");
    lane::measure(options.full, &mut table)?;
    println!("bench: on PostgreSQL ...");
    server::measure(options.full, &mut table)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(http::measure(&binary, options.full, &disk, &mut table))?;
    table.print();
    let path = "target/bench.json";
    let machine = json!({"disk": disk.to_json(), "full": options.full});
    std::fs::write(path, table.to_json(&machine).to_string())?;
    println!("\nThe same as JSON: {path}");
    Ok(())
}
