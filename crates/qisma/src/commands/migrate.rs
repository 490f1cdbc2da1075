//! `qisma migrate`: brings the schema up to date. `serve` does so too; this is for whoever wants to
//! see it done before.

use super::failure::Failure;
use super::{Options, output, serve};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;

/// Migrates the database of a directory that no gateway uses.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let directory = options.directory()?;
    let config = Config::load(&options.sources(), &directory)?;
    let _lock = serve::lock(&directory).await?;
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
