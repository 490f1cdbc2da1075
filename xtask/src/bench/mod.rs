//! Measures the gateway on this machine, and says so in ratios: an absolute rate says more about the
//! machine than about the gateway.
//!
//! The yardstick over HTTP is the same binary, which checks and parses the same requests and answers
//! them without storing; the yardstick in process is a loop of prepared statements that writes the
//! same rows in the same transactions.

mod disk;
mod growth;
mod http;
mod lane;
mod load;
mod report;
mod server;

use serde_json::json;
use std::path::PathBuf;
use tokio::runtime::Runtime;

use self::disk::Disk;
use self::report::Table;
use crate::client::build::{self, Kind};

/// How to run it.
#[derive(clap::Args)]
pub struct Options {
    /// Measure longer, on a million payments, and how creates slow as the tables grow to ten millions.
    #[arg(long)]
    full: bool,
    /// Measure only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The lane of the embedded store, in process.
    Lane,
    /// The lanes of a PostgreSQL server, in process.
    Postgres,
    /// The gateway over HTTP, on the embedded store.
    Http,
    /// The gateway over HTTP, on a PostgreSQL server.
    HttpPostgres,
    /// Creates on ten million payments, on both engines; only with `--full`, or by name.
    Growth,
}

const PARTS: [Part; 5] = [Part::Lane, Part::Postgres, Part::Http, Part::HttpPostgres, Part::Growth];

/// Runs it.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let bench = Bench {
        binary: build::qisma(Kind::Yardstick)?,
        is_full: options.full,
        disk: disk::probe()?,
        runtime: Runtime::new()?,
    };
    let mut table = Table::default();
    table.say(&bench.disk.sentence());
    let is_asked = |part: &Part| match options.only.as_slice() {
        [] => options.full || *part != Part::Growth,
        only => only.contains(part),
    };
    for part in PARTS.iter().filter(|part| is_asked(part)) {
        bench.measure(*part, &mut table)?;
    }
    table.print();
    let path = "target/bench.json";
    let machine = json!({"disk": bench.disk.to_json(), "full": options.full});
    std::fs::write(path, table.to_json(&machine).to_string())?;
    println!("\nThe same as JSON: {path}");
    Ok(())
}

struct Bench {
    binary: PathBuf,
    is_full: bool,
    disk: Disk,
    runtime: Runtime,
}

impl Bench {
    fn measure(&self, part: Part, table: &mut Table) -> anyhow::Result<()> {
        println!("bench: {part:?} ...");
        let (binary, is_full) = (&self.binary, self.is_full);
        match part {
            Part::Lane => lane::measure(is_full, table),
            Part::Postgres => server::measure(is_full, table),
            Part::Http => self.runtime.block_on(http::measure(binary, is_full, &self.disk, table)),
            Part::HttpPostgres => {
                let cluster = server::cluster()?;
                self.runtime.block_on(async {
                    let database = cluster.create_database("qisma").await?;
                    http::measure_on_server(binary, is_full, database.url(), table).await
                })
            }
            Part::Growth => growth::measure(table),
        }
    }
}
