//! A harness that finds nothing proves something only if it finds what is there: the same run with a
//! planted bug has to fail, soon.

use anyhow::ensure;

use super::{Kind, Options, lives, report, stand_options};

/// The planted bugs, as the store names them.
const PLANTED: [&str; 2] = ["answer_before_commit", "forget_outbox_row"];
/// Each is caught long before so many kills.
const KILLS_MAX: u32 = 40;

/// Runs with each planted bug in turn.
///
/// Fails when one of them is not caught.
pub async fn run(options: &Options) -> anyhow::Result<()> {
    for mutant in PLANTED {
        println!("crash: with the planted bug {mutant}, which has to be caught:");
        let mut plan = options.plan();
        plan.kills = KILLS_MAX;
        plan.is_control = true;
        let stand = stand_options(Kind::Mutants, Some(mutant))?;
        let outcome = lives::live(stand, &plan).await?;
        report("crash control", &plan, &outcome);
        ensure!(
            outcome.violations > 0,
            "crash: the planted bug {mutant} was not caught in {KILLS_MAX} kills; the harness is blind"
        );
        println!("crash: {mutant} was caught after {} kills\n", outcome.kills);
    }
    println!("crash: {} of {} planted bugs caught", PLANTED.len(), PLANTED.len());
    Ok(())
}
