//! `qisma migrate`: brings the schema up to date, which `serve` does too; or, with `--from`, moves
//! everything that a stopped gateway has in its file to a PostgreSQL server.

mod progress;

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use qisma_store::carry::{CarryReport, carry};
use qisma_store::{Engine, PostgresOptions};

use self::progress::Shown;
use super::failure::Failure;
use super::{Options, output, serve};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Flag};
use crate::data_dir::{DataDir, DatabaseLock};

const DATABASE_URL: &str = "database.url";

#[derive(Args)]
pub struct MigrateCommand {
    /// Move everything from this file, whose gateway is stopped; it is only read.
    #[arg(long, value_name = "sqlite:PATH")]
    from: Option<String>,
    /// ... to this server; better set by its environment variable, since others see a command line
    /// [default: the settings' database.url].
    #[arg(long, value_name = "postgres://USER@HOST/DATABASE", requires = "from")]
    to: Option<String>,
}

impl MigrateCommand {
    /// Brings a schema up to date, or moves.
    pub async fn run(self, options: &Options) -> Result<(), Failure> {
        let directory = options.directory()?;
        match self.from {
            None => bring_up_to_date(options, &directory).await,
            Some(from) => {
                let from = file_of(options, &directory, from)?;
                let to = server_of(options, &directory, self.to)?;
                move_all(options.json, from, to).await
            }
        }
    }
}

/// Migrates the database of a directory that no gateway uses.
async fn bring_up_to_date(options: &Options, directory: &DataDir) -> Result<(), Failure> {
    let config = Config::load(&options.sources(), directory)?;
    let _lock = serve::lock(directory).await?;
    let engine = config.database.engine;
    let migrated = tokio::task::spawn_blocking(move || {
        qisma_store::migrate_engine(&engine, SystemClock.now())
    });
    let report = migrated
        .await
        .map_err(|_| Failure::refused("the migration failed"))?
        .map_err(|error| Failure::refused(error.to_string()))?;
    output::print(&serde_json::to_string(&report).expect("a report is JSON"), options.json);
    Ok(())
}

/// The settings with another database.
fn with_database(
    options: &Options,
    directory: &DataDir,
    flag: Option<(&'static str, String)>,
) -> Result<Engine, Failure> {
    let mut sources = options.sources();
    let flag = flag.map(|(name, value)| Flag { name, key: DATABASE_URL, value });
    sources.flags.extend(flag);
    Ok(Config::load(&sources, directory)?.database.engine)
}

fn file_of(options: &Options, directory: &DataDir, from: String) -> Result<PathBuf, Failure> {
    match with_database(options, directory, Some(("--from", from)))? {
        Engine::Sqlite(path) if path.exists() => Ok(path),
        Engine::Sqlite(path) => Err(Failure::refused(format!(
            "there is no database at {}; --from names the file that the gateway was served from",
            path.display()
        ))),
        Engine::Postgres(_) => Err(Failure::config(
            "a move begins at a file: --from sqlite:PATH. From one PostgreSQL server to another, use \
             PostgreSQL's own pg_dump; a way back from a server to a file is not built",
        )),
    }
}

fn server_of(
    options: &Options,
    directory: &DataDir,
    to: Option<String>,
) -> Result<PostgresOptions, Failure> {
    match with_database(options, directory, to.map(|to| ("--to", to)))? {
        Engine::Postgres(server) => Ok(server),
        Engine::Sqlite(_) => Err(Failure::config(
            "a move goes to a PostgreSQL server: set QISMA__DATABASE__URL to its URL \
             (postgres://USER:PASSWORD@HOST/DATABASE), or give it with --to",
        )),
    }
}

async fn move_all(as_json: bool, from: PathBuf, to: PostgresOptions) -> Result<(), Failure> {
    // A gateway that runs on the file has this lock, whichever directory it was started with.
    let lock = DatabaseLock::take(&from)?;
    // A program that reads the answer wants nothing else.
    let shown = if as_json { Shown::Nothing } else { Shown::of(std::io::stderr().is_terminal()) };
    let moving = tokio::task::spawn_blocking(move || {
        let mut progress = shown.begin();
        let carried = carry(&from, &to, || SystemClock.now(), &mut |step| progress.show(step));
        progress.end();
        drop(lock);
        carried
    });
    let report = moving
        .await
        .map_err(|_| {
            Failure::refused("the move failed; run it again, it goes on where it stopped")
        })?
        .map_err(|error| Failure::refused(error.to_string()))?;
    print(as_json, &report);
    if report.ok { Ok(()) } else { Err(Failure::refused(difference(&report))) }
}

fn print(as_json: bool, report: &CarryReport) {
    let shown = if as_json { report.clone() } else { report.clone().for_people() };
    output::print(&serde_json::to_string(&shown).expect("a report is JSON"), as_json);
    if as_json || !report.ok {
        return;
    }
    output::line("");
    output::line(&match &report.master_key_id {
        Some(id) => format!(
            "Both sides are equal. Secrets stay sealed under the master key {id}: give every node that \
             key (security.master_key, or master.key of the old data directory), and serve {}.",
            report.to
        ),
        None => format!("Both sides are equal. Serve {} now.", report.to),
    });
}

fn difference(report: &CarryReport) -> String {
    let tables = report.differing_tables();
    let what = if tables.is_empty() { "balances".to_owned() } else { tables.join(", ") };
    let (from, to) = (&report.from, &report.to);
    if report.had_ended {
        return format!(
            "{from} and {to} differ in {what}, as they do once a gateway has served {to}. Nothing was \
             changed; do not serve {from} any more"
        );
    }
    format!(
        "{from} and {to} differ in {what}; drop that database, create it again, empty, and begin anew"
    )
}
