//! The chores of this repository, as `cargo xtask NAME`.

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

mod bench;
mod ci;
mod client;
mod clients;
mod comments;
mod crash;
mod deny;
mod failover;
mod malformed;
mod openapi;
mod postgres;
mod schemathesis;
mod spdx;

#[derive(Parser)]
#[command(about = "The chores of this repository")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Do what continuous integration does.
    Ci(ci::Options),
    /// Check licences, banned crates and sources of everything we depend on.
    Deny,
    /// Write openapi.json anew, from the handlers.
    Openapi,
    /// Print how much of each crate's code is comments.
    Comments,
    /// Kill the gateway at random moments and look for anything lost or doubled.
    Crash(crash::Options),
    /// Take the primary of a replicated PostgreSQL away under the gateway; needs root.
    Failover(failover::Options),
    /// Send the gateway what no client should send.
    Malformed(malformed::Options),
    /// Hold the gateway's answers against openapi.json.
    Schemathesis(schemathesis::Options),
    /// Run a command on a throw-away PostgreSQL.
    Postgres(postgres::Options),
    /// Measure the gateway on this machine.
    Bench(bench::Options),
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    // Every task names its files from the root, wherever it was called from.
    std::env::set_current_dir(root()).context("the repository's root cannot be entered")?;
    match cli.task {
        Task::Ci(options) => ci::run(&options),
        Task::Deny => deny::run(),
        Task::Comments => comments::run(),
        Task::Openapi => openapi::run(),
        Task::Crash(options) => crash::run(&options),
        Task::Failover(options) => failover::run(&options),
        Task::Malformed(options) => malformed::run(&options),
        Task::Schemathesis(options) => schemathesis::run(&options),
        Task::Postgres(options) => postgres::run(&options),
        Task::Bench(options) => bench::run(&options),
    }
}

fn root() -> PathBuf {
    let xtask = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask lies in the root of the repository").to_owned()
}
