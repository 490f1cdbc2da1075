//! Sends the gateway what no client should send, and demands that it refuses each of it in order: an
//! answer that is HTTP and no 5xx, or a closed connection; no panic, no growth, and honest payers
//! unharmed.

mod bodies;
pub mod canary;
mod case;
mod heads;
mod judge;
mod requests;

use anyhow::{Context as _, ensure};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use self::case::{CLASSES, World};
use self::judge::{Findings, Tester};
use crate::client::build::{self, Kind};
use crate::client::shop::{self, Shop};
use crate::client::stand::{Stand, StandOptions, unlimited};

/// Connections at work at once.
const TESTERS: u64 = 8;
/// After so many requests an honest payer has to come through.
const CANARY_EVERY: u64 = 10_000;
/// The caches of the store fill up meanwhile; a leak of one request's kilobytes would be far more.
const GROWTH_KB_MAX: u64 = 100_000;

/// How to run it.
#[derive(clap::Args)]
pub struct Options {
    /// How many requests.
    #[arg(long, default_value_t = 100_000)]
    count: u64,
    /// From which all chance is drawn: the same seed, the same requests.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Send only the request of this number and print it with its answer.
    #[arg(long, value_name = "NUMBER")]
    only: Option<u64>,
}

/// Runs it.
///
/// Fails when anything but a refusal in order came of a request.
pub fn run(options: &Options) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(torment(options))
}

async fn torment(options: &Options) -> anyhow::Result<()> {
    let binary = build::qisma(Kind::Dev)?;
    let settings = unlimited();
    let stand = StandOptions { binary, mutant: None, data: None, settings };
    let mut stand = Stand::open(stand).await?;
    stand.start().await?;
    let shop = Shop::open(&stand)?;
    let rounds = options.count.div_ceil(CANARY_EVERY).max(1);
    let phones: Vec<String> = (0..=usize::try_from(rounds)?).map(shop::phone).collect();
    Shop::make_wallets(&stand, &phones)?;
    canary::sing(&shop, stand.sandbox, &phones[0]).await.context("the canary, before all")?;
    let payment = canary::open_payment(&shop).await?;
    let world = Arc::new(World { shop, payment });
    if let Some(number) = options.only {
        return judge::show(&world, options.seed, number).await;
    }
    let result = rounds_of(options, &mut stand, &world, &phones, rounds).await;
    if result.is_err() {
        stand.keep_folder();
        println!(
            "the gateway's log is in {}, and ends:\n{}",
            stand.folder().display(),
            stand.tail()
        );
    }
    result
}

async fn rounds_of(
    options: &Options,
    stand: &mut Stand,
    world: &Arc<World>,
    phones: &[String],
    rounds: u64,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut findings = Findings::default();
    let first_kb = resident_kb(stand);
    for round in 0..rounds {
        let numbers = round * CANARY_EVERY..options.count.min((round + 1) * CANARY_EVERY);
        let testers: Vec<_> = (0..TESTERS)
            .map(|nth| {
                let (world, seed, numbers) = (world.clone(), options.seed, numbers.clone());
                let own = move |number: &u64| number % TESTERS == nth;
                tokio::spawn(async move { Tester::new(world, seed).all(numbers.filter(own)).await })
            })
            .collect();
        for tester in testers {
            findings.absorb(tester.await?);
        }
        findings.print_mistakes();
        ensure!(findings.mistakes.is_empty(), "malformed: answered out of order; see above");
        ensure!(!stand.log().contains("panicked"), "malformed: the gateway panicked; see its log");
        let phone = &phones[usize::try_from(round)? + 1];
        let sung = canary::sing(&world.shop, stand.sandbox, phone).await;
        sung.with_context(|| format!("the canary died in round {}", round + 1))?;
    }
    let took = begun.elapsed();
    let (passed, report) = stand.try_command(&["verify", "--require-acquirer"])?;
    ensure!(passed, "malformed: `qisma verify` fails afterwards: {report}");
    let last_kb = resident_kb(stand);
    let growth_kb = last_kb.saturating_sub(first_kb);
    let rate = u128::from(options.count) * 1_000 / took.as_millis().max(1);
    print_table(&findings);
    println!(
        "malformed: {} requests of {} classes in {} s ({rate}/s), 0 times 5xx, 0 panics, {rounds} \
         canaries alive, books balance; memory {} to {} MB; seed {}",
        options.count,
        CLASSES.len(),
        took.as_secs(),
        first_kb / 1_000,
        last_kb / 1_000,
        options.seed,
    );
    ensure!(growth_kb < GROWTH_KB_MAX, "malformed: the gateway grew by {growth_kb} kB");
    Ok(())
}

fn resident_kb(stand: &mut Stand) -> u64 {
    stand.server().and_then(|server| server.resident_kb()).unwrap_or(0)
}

fn print_table(findings: &Findings) {
    let mut by_class: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ((class, status), count) in &findings.answers {
        let status = if *status == 0 { "closed".to_owned() } else { status.to_string() };
        by_class.entry(class).or_default().push(format!("{status} x {count}"));
    }
    for (class, answers) in by_class {
        println!("  {class:12} {}", answers.join(", "));
    }
}

/// The chance of one request, whichever tester sends it.
fn chance(seed: u64, number: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number))
}
