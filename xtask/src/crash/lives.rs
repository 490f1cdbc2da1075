//! The lives of a gateway: started, put under load, killed at a random moment, started again.

use anyhow::Context as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

use super::journal::Journal;
use super::receiver::Receiver;
use super::run::Run;
use super::{finale, mix, settle};
use crate::client::ports;
use crate::client::shop::{self, Shop};
use crate::client::stand::{Stand, StandOptions};

/// Clients whose gateway is gone notice at once; one that does not is a mistake of the harness.
const CLIENTS_TIMEOUT: Duration = Duration::from_secs(30);

/// What a run is made of.
pub struct Plan {
    /// How often the gateway dies.
    pub kills: u32,
    /// From which all chance is drawn.
    pub seed: u64,
    /// How many clients there are.
    pub clients: usize,
    /// Wallets to pay from.
    pub wallets: usize,
    /// How it dies.
    pub death: Box<dyn Death>,
    /// Whether something wrong is what the run is for: then little is said of it, and nothing kept.
    pub is_control: bool,
}

/// A way to die.
pub trait Death {
    /// Ends the gateway while clients are at work. Afterwards it can be started again.
    fn strike(&self, stand: &mut Stand) -> anyhow::Result<()>;
}

/// The process is gone; what it wrote is with the kernel.
pub struct Kill;

impl Death for Kill {
    fn strike(&self, stand: &mut Stand) -> anyhow::Result<()> {
        stand.kill();
        Ok(())
    }
}

/// How a run went.
pub struct Outcome {
    /// Deaths that it took.
    pub kills: u32,
    /// Answers that came whole.
    pub acknowledged: u64,
    /// Payments that were asked for.
    pub payments: usize,
    /// Of these, those that are paid at the end.
    pub paid: usize,
    /// What may not happen and did.
    pub violations: usize,
    /// Times from a start to the first answer with status 200.
    pub starts: Vec<Duration>,
}

/// Lets a gateway live and die until something is wrong or it has died often enough.
pub async fn live(options: StandOptions, plan: &Plan) -> anyhow::Result<Outcome> {
    let mut stand = Stand::open(options).await?;
    stand.start().await?;
    let shop = Shop::open(&stand)?;
    let phones: Vec<String> = (0..plan.wallets).map(shop::phone).collect();
    Shop::make_wallets(&stand, &phones)?;
    let hook = ports::free(&[stand.gateway, stand.sandbox])?;
    let journal = Journal::open(&stand.folder().join("clients.jsonl"))?;
    let run = Arc::new(Run::new(shop, stand.sandbox, hook, journal, &phones));
    let _receiver = Receiver::listen(hook, run.clone()).await?;
    let lived = lives(&mut stand, plan, &run).await;
    if plan.is_control && lived.is_ok() {
        run.print_first();
    } else if lived.is_err() || !run.violations().is_empty() {
        stand.keep_folder();
        run.print_evidence();
        println!("\nThe journal of the clients and the logs are in {}", stand.folder().display());
        println!("The gateway's log ends:\n{}", stand.tail());
    }
    let (kills, starts, paid) = lived?;
    let records = run.records();
    Ok(Outcome {
        kills,
        acknowledged: records.acknowledged,
        payments: records.creations.len(),
        paid,
        violations: run.violations().len(),
        starts,
    })
}

async fn lives(
    stand: &mut Stand,
    plan: &Plan,
    run: &Arc<Run>,
) -> anyhow::Result<(u32, Vec<Duration>, usize)> {
    let mut rng = StdRng::seed_from_u64(plan.seed);
    let mut starts = Vec::new();
    let mut reported = Instant::now();
    for life in 1..=plan.kills {
        let one = one_life(stand, plan, run, &mut rng, life).await;
        starts.push(one.with_context(|| format!("life {life} of the gateway"))?);
        if !run.violations().is_empty() {
            return Ok((life, starts, 0));
        }
        if reported.elapsed() > Duration::from_secs(20) {
            reported = Instant::now();
            let acknowledged = run.records().acknowledged;
            println!("crash: {life} of {} kills, {acknowledged} acknowledged", plan.kills);
        }
    }
    let paid = finale::finish(run, stand).await.context("at the end")?;
    Ok((plan.kills, starts, paid))
}

/// Load, death, start, and a look at everything. Gives how long the start took.
async fn one_life(
    stand: &mut Stand,
    plan: &Plan,
    run: &Arc<Run>,
    rng: &mut StdRng,
    life: u32,
) -> anyhow::Result<Duration> {
    run.dying.store(false, Ordering::SeqCst);
    let clients: Vec<_> = (1..=plan.clients)
        .map(|number| tokio::spawn(mix::client(run.clone(), number, rng.random())))
        .collect();
    let alive = Duration::from_millis(rng.random_range(5..=800));
    sleep(alive).await;
    run.dying.store(true, Ordering::SeqCst);
    plan.death.strike(stand)?;
    let alive = u64::try_from(alive.as_millis()).expect("it was drawn below a second");
    run.journal.note(&json!({"killed in life": life, "after ms": alive}));
    for client in clients {
        timeout(CLIENTS_TIMEOUT, client).await.context("a client does not notice")??;
    }
    if rng.random_range(0..10) == 0 {
        // Dying once more while it recovers.
        stand.launch()?;
        sleep(Duration::from_millis(rng.random_range(0..=50))).await;
        stand.kill();
        run.journal.note(&json!("killed while starting"));
    }
    let took = stand.start().await?;
    settle::settle(run, stand, rng).await?;
    Ok(took)
}
