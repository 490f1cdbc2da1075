//! Runs a command on a PostgreSQL of its own, and removes it afterwards.

use anyhow::{Context as _, ensure};
use std::ffi::OsString;
use throwaway_postgres::{Cluster, Profile, Stand};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// Where the gateway reads the address of its database from.
const VARIABLE: &str = "QISMA__DATABASE__URL";
const DATABASE: &str = "qisma";

/// What to run, and on what.
#[derive(clap::Args)]
pub struct Options {
    /// `plain`, `serializable`, `pooled` (behind pgbouncer) or `eighteen` (PostgreSQL 18).
    #[arg(long, default_value_t = Profile::Plain)]
    profile: Profile,
    /// The command, after `--`; it finds the database in `QISMA__DATABASE__URL`.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Starts a cluster with an empty database, runs the command, and removes the cluster.
///
/// Fails when the command does.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(on_cluster(options))
}

async fn on_cluster(options: &Options) -> anyhow::Result<()> {
    let stand = Stand::start(options.profile)?;
    let database = stand.cluster().create_database(DATABASE).await?;
    announce(stand.cluster());
    let mut command = command(&options.command);
    command.env(VARIABLE, stand.url(database.name())).kill_on_drop(true);
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut child = command.spawn().with_context(|| format!("{command:?} cannot be started"))?;
    let status = loop {
        tokio::select! {
            ended = child.wait() => break ended?,
            // The terminal has told the command as well, which still needs the database to end well.
            _ = interrupts.recv() => {}
            // Who tells only us, means it.
            _ = terminations.recv() => pass_on(&child)?,
        }
    };
    ensure!(status.success(), "the command ended with {status}");
    Ok(())
}

fn pass_on(child: &Child) -> anyhow::Result<()> {
    if let Some(id) = child.id() {
        let asked = std::process::Command::new("kill").arg(id.to_string()).status();
        asked.context("`kill` cannot be started")?;
    }
    Ok(())
}

fn announce(cluster: &Cluster) {
    let (major, port) = (cluster.binaries().major(), cluster.port());
    println!("PostgreSQL {major} listens on 127.0.0.1:{port} until the command ends");
}

fn command(words: &[OsString]) -> Command {
    let (program, arguments) = words.split_first().expect("clap asks for at least one");
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        // What cargo sets for us as a running package would make crates look changed.
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}
