//! Takes the primary of a replicated PostgreSQL away under a gateway that is being written to: nothing
//! acknowledged may be lost, nothing done twice, and writes have to be back in time.
//!
//! Three servers under Patroni, with an etcd, all on this machine and in a world of their own, of which
//! nothing is left afterwards. The harness counts only because it also sees the loss where there must
//! be one: with a cluster whose commits do not wait for a standby (`--control`).

mod check;
mod cluster;
mod faults;
mod gaps;
mod load;
mod network;
mod report;
mod settings;
mod tree;
mod trial;
mod world;

use anyhow::{Context as _, ensure};
use std::path::PathBuf;

use self::faults::Fault;
use self::report::Outcome;
use self::settings::Mode;
use self::trial::Trial;
use crate::client::build::{self, Kind};

/// The fault under which a cluster that does not wait for its standbys loses what they lack.
const CONTROL: Fault = Fault::Lagging;
/// The control has to lose something in one of so many tries.
const CONTROL_TRIES_MAX: u64 = 10;

/// How to run it.
#[derive(clap::Args)]
pub struct Options {
    /// The faults to try; left out, all of them and the control.
    #[arg(long, value_name = "NAME")]
    fault: Vec<Fault>,
    /// Show that loss is seen, where commits do not wait for a standby.
    #[arg(long)]
    control: bool,
    /// How often each fault is tried.
    #[arg(long, default_value_t = 1)]
    tries: u64,
    /// From which all chance is drawn; left out, it differs from run to run.
    #[arg(long)]
    seed: Option<u64>,
    /// How many clients write.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    #[command(flatten)]
    inside: Inside,
}

/// What we tell ourselves when we start again in a world of its own.
#[derive(clap::Args)]
struct Inside {
    #[arg(long, hide = true)]
    directory: Option<PathBuf>,
    #[arg(long, hide = true)]
    binary: Option<PathBuf>,
    #[arg(long, hide = true)]
    outcome: Option<PathBuf>,
}

/// Runs it.
///
/// Fails when anything acknowledged was lost, anything was done twice, writes came back too late, or
/// the control lost nothing. Where the machine does not permit it, says NOT RUN and why, and succeeds.
pub fn run(options: &Options) -> anyhow::Result<()> {
    if let Some(directory) = &options.inside.directory {
        return inside(options, directory.clone());
    }
    if let Some(reason) = world::hindrance() {
        println!("failover: NOT RUN: {reason}");
        return Ok(());
    }
    let binary = build::qisma(Kind::Dev)?;
    let seed = options.seed.unwrap_or_else(|| std::process::id().into());
    let is_all = options.fault.is_empty() && !options.control;
    let faults = if is_all { Fault::ALL.to_vec() } else { options.fault.clone() };
    let mut table = vec![report::HEADING.to_owned()];
    let mut failed = 0;
    for fault in faults {
        for number in 0..options.tries {
            let seed = seed.wrapping_add(number);
            let outcome = once(options, &binary, fault, Mode::Strict, seed);
            let outcome = outcome.with_context(|| format!("{fault}, seed {seed}"))?;
            failed += usize::from(!outcome.is_passed());
            table.push(report::line(fault.name(), seed, &outcome));
            println!("{}\n{}", report::HEADING, table[table.len() - 1]);
        }
    }
    let mut is_blind = false;
    if is_all || options.control {
        let lines = control(options, &binary, seed)?;
        is_blind = lines.is_blind;
        table.extend(lines.table);
    }
    println!(
        "\nfailover, {} clients, rows of more than 4 kB:\n{}",
        options.clients,
        table.join("\n")
    );
    ensure!(failed == 0, "failover: {failed} tries failed; see above");
    ensure!(
        !is_blind,
        "failover: the control lost nothing in {CONTROL_TRIES_MAX} tries; the harness is blind"
    );
    Ok(())
}

struct Control {
    table: Vec<String>,
    is_blind: bool,
}

/// Tries until something is lost.
fn control(options: &Options, binary: &std::path::Path, seed: u64) -> anyhow::Result<Control> {
    println!("failover: without waiting for a standby, which has to lose something:");
    let mut table = vec![];
    for number in 0..CONTROL_TRIES_MAX {
        let seed = seed.wrapping_add(number);
        let outcome = once(options, binary, CONTROL, Mode::Asynchronous, seed)?;
        let Outcome::Run(found) = &outcome else { continue };
        let (lost, acknowledged) = (found.lost, found.acknowledged);
        let said = if lost > 0 { "as it has to be" } else { "nothing to see" };
        let line = format!("control      {seed:<10} {acknowledged:>6} {lost:>6} lost: {said}");
        println!("{line}");
        table.push(line);
        if lost > 0 {
            return Ok(Control { table, is_blind: false });
        }
    }
    Ok(Control { table, is_blind: true })
}

/// One try in a world of its own.
fn once(
    options: &Options,
    binary: &std::path::Path,
    fault: Fault,
    mode: Mode,
    seed: u64,
) -> anyhow::Result<Outcome> {
    println!("failover: {fault}, seed {seed}");
    let answers = tempfile::tempdir()?;
    let answer = answers.path().join("outcome");
    let (seed, clients) = (seed.to_string(), options.clients.to_string());
    let text =
        |path: &std::path::Path| path.to_str().map(str::to_owned).context("a path is not text");
    let (binary, outcome) = (text(binary)?, text(&answer)?);
    let mut arguments = vec!["failover", "--fault", fault.name(), "--seed", &seed];
    arguments.extend(["--clients", &clients, "--binary", &binary, "--outcome", &outcome]);
    if mode == Mode::Asynchronous {
        arguments.push("--control");
    }
    world::run(&arguments)?;
    let outcome = std::fs::read_to_string(&answer).context("the try says nothing")?;
    Ok(serde_json::from_str(&outcome)?)
}

fn inside(options: &Options, directory: PathBuf) -> anyhow::Result<()> {
    let trial = Trial {
        fault: *options.fault.first().context("no fault is named")?,
        mode: if options.control { Mode::Asynchronous } else { Mode::Strict },
        seed: options.seed.context("no seed is named")?,
        clients: options.clients,
        binary: options.inside.binary.clone().context("no binary is named")?,
        directory,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let outcome = runtime.block_on(trial.run())?;
    let told = options.inside.outcome.as_ref().context("no file for the outcome is named")?;
    std::fs::write(told, serde_json::to_string(&outcome)?)?;
    Ok(())
}
