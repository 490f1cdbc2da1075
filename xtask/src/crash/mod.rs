//! Kills the gateway at random moments under clients who do the whole mix, and holds whatever the
//! clients were told against what is there afterwards.
//!
//! The harness counts only because it first catches planted bugs (`--controls`).

mod controls;
pub mod finale;
pub mod journal;
mod lives;
pub mod mix;
mod phones;
mod power_cut;
pub mod receiver;
pub mod records;
pub mod refunds;
pub mod run;
pub mod settle;
pub mod steps;

use anyhow::ensure;

use self::lives::{Kill, Outcome, Plan};
use crate::client::build::{self, Kind};
use crate::client::stand::{StandOptions, unlimited};

/// Wallets for each client: enough that most payers find a rested phone.
const WALLETS_PER_CLIENT: usize = 12;

/// How to run it.
#[derive(clap::Args)]
pub struct Options {
    /// How often the gateway is killed.
    #[arg(long, default_value_t = 50)]
    kills: u32,
    /// From which all chance is drawn; left out, it differs from run to run.
    #[arg(long)]
    seed: Option<u64>,
    /// How many clients are at work.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// Plant this bug in the gateway.
    #[arg(long, value_name = "NAME")]
    mutant: Option<String>,
    /// Show that the planted bugs are caught, and nothing else.
    #[arg(long, conflicts_with_all = ["mutant", "power_cut"])]
    controls: bool,
    /// Cut the power under the gateway's file system instead of killing it; needs root.
    #[arg(long)]
    power_cut: bool,
}

impl Options {
    fn plan(&self) -> Plan {
        Plan {
            kills: self.kills,
            seed: self.seed.unwrap_or_else(|| std::process::id().into()),
            clients: self.clients,
            wallets: self.clients * WALLETS_PER_CLIENT,
            death: Box::new(Kill),
            is_control: false,
        }
    }
}

/// Runs it.
///
/// Fails when anything acknowledged was lost, anything was done twice, or a planted bug went unseen.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        if options.controls {
            return controls::run(options).await;
        }
        if options.power_cut {
            return power_cut::run(options).await;
        }
        let kind = if options.mutant.is_some() { Kind::Mutants } else { Kind::Dev };
        let plan = options.plan();
        let stand = stand_options(kind, options.mutant.as_deref())?;
        let outcome = lives::live(stand, &plan).await?;
        report("crash", &plan, &outcome);
        ensure!(outcome.violations == 0, "crash: {} violations; see above", outcome.violations);
        Ok(())
    })
}

fn stand_options(kind: Kind, mutant: Option<&str>) -> anyhow::Result<StandOptions> {
    Ok(StandOptions {
        binary: build::qisma(kind)?,
        mutant: mutant.map(str::to_owned),
        data: None,
        // The harness asks more often than a platform may.
        settings: unlimited(),
    })
}

fn report(what: &str, plan: &Plan, outcome: &Outcome) {
    let (median, last) = finale::percentiles(&outcome.starts);
    let found = match outcome.violations {
        count if plan.is_control => format!("{count} violations, as there should be"),
        0 => "0 lost, 0 doubled, books balance".to_owned(),
        count => format!("{count} VIOLATIONS"),
    };
    println!(
        "{what}: {} kills, {} payments ({} paid), {} acknowledged, {found}; first answer after a \
         restart p50 {median} ms, p99 {last} ms; {} clients, seed {}",
        outcome.kills,
        outcome.payments,
        outcome.paid,
        outcome.acknowledged,
        plan.clients,
        plan.seed,
    );
    // What none in N shows, at 95 %: less than 3 in N.
    if outcome.violations == 0 && outcome.kills > 0 {
        let permille = (3_000 / outcome.kills).min(1_000);
        println!("{what}: at 95 % confidence at most {permille} kills in 1,000 do harm");
    }
}
