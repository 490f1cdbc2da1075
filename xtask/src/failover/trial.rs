//! One try, inside its world: servers, a gateway, clients, a fault, and what came of it.

use anyhow::{Context as _, ensure};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::sleep;

use super::check::{Verdict, judge, told};
use super::cluster::Cluster;
use super::faults::Fault;
use super::gaps::Gaps;
use super::load::Load;
use super::network::Network;
use super::report::Outcome;
use super::settings::Mode;
use crate::client::payer::Payer;
use crate::client::ports;
use crate::client::shop::Shop;
use crate::client::stand::{Stand, StandOptions, unlimited};
use crate::crash::journal::Journal;
use crate::crash::receiver::Receiver;
use crate::crash::run::Run;
use crate::crash::{finale, settle};

/// Writing before the fault, so that every lane has its connection and its plans.
const WARM_UP: Duration = Duration::from_secs(5);
/// The journal of the clients, in the gateway's folder.
const JOURNAL: &str = "clients.jsonl";

/// What to try.
pub struct Trial {
    /// The fault.
    pub fault: Fault,
    /// Whether commits wait for a standby.
    pub mode: Mode,
    /// From which all chance of the clients is drawn.
    pub seed: u64,
    /// How many clients there are.
    pub clients: usize,
    /// The gateway.
    pub binary: PathBuf,
    /// Where the servers keep their files.
    pub directory: PathBuf,
}

impl Trial {
    /// Tries it.
    pub async fn run(&self) -> anyhow::Result<Outcome> {
        super::world::enter(&self.directory)?;
        let network = match self.fault {
            Fault::Partition => match Network::cables(&self.directory) {
                Ok(network) => network,
                Err(reason) => return Ok(Outcome::NotRun { reason: format!("{reason:#}") }),
            },
            _ => Network::Loopback,
        };
        let cluster = Cluster::start(&self.directory, network, self.mode).await?;
        let mut settings = unlimited();
        settings.push(("QISMA__DATABASE__URL".to_owned(), cluster.url().await?));
        let binary = self.binary.clone();
        let stand = StandOptions { binary, mutant: None, data: None, settings };
        let mut stand = Stand::open(stand).await?;
        let tried = self.on(&cluster, &mut stand).await;
        let is_well = matches!(&tried, Ok(outcome) if outcome.is_passed() || self.is_control());
        if !is_well {
            stand.keep_folder();
            cluster.keep_logs(stand.folder())?;
            println!("The journal of the clients and all logs are in {}", stand.folder().display());
            println!("The gateway's log ends:\n{}", stand.tail());
        }
        tried
    }

    fn is_control(&self) -> bool {
        self.mode == Mode::Asynchronous
    }

    async fn on(&self, cluster: &Cluster, stand: &mut Stand) -> anyhow::Result<Outcome> {
        stand.start().await?;
        let shop = Shop::open(stand)?;
        let hook = ports::free(&[stand.gateway, stand.sandbox])?;
        let journal = Journal::open(&stand.folder().join(JOURNAL))?;
        let run = Arc::new(Run::new(shop, stand.sandbox, hook, journal, &[]));
        let _receiver = Receiver::listen(hook, run.clone()).await?;
        let mut rng = StdRng::seed_from_u64(self.seed);
        let load = Arc::new(Load::new(run.clone()));
        let clients = load.start(self.clients, &mut rng);
        sleep(WARM_UP).await;
        let struck = load.elapsed();
        self.strike(cluster, &run).await.context("the fault")?;
        sleep(self.fault.watched()).await;
        let end = load.elapsed();
        load.stop(clients).await?;
        let server = stand.server().context("the gateway was started")?;
        ensure!(server.ended().is_none(), "the gateway has ended");
        let gaps = Gaps::between(struck, end, &load.writes());
        if !self.is_control() {
            // Every key without an answer gets one, so that no row is left that nobody knows of.
            let mut platform = Payer::new(&[run.shop.gateway]);
            settle::repeat_requests(&run, &mut platform, &mut rng).await?;
        }
        let verdict = self.verdict(cluster, stand).await?;
        if !self.is_control() {
            // That the others exist, their rows have shown; asking for each would take minutes.
            finale::finish_of(&run, stand, &load.tried_to_pay()).await.context("at the end")?;
            run.print_evidence();
        }
        let before = load.writes().iter().filter(|at| **at < struck).count();
        Ok(Outcome::of(
            &verdict,
            &gaps,
            &super::report::Seen {
                violations: run.violations().len(),
                refused: load.refused.load(Ordering::Relaxed),
                broken: load.broken.load(Ordering::Relaxed),
                slowest: load.slowest(),
                writes_per_sec: u64::try_from(before)? / WARM_UP.as_secs(),
                allowed: self.fault.standstill_max(),
            },
        ))
    }

    async fn verdict(&self, cluster: &Cluster, stand: &Stand) -> anyhow::Result<Verdict> {
        let journal = std::fs::read_to_string(stand.folder().join(JOURNAL))?;
        let mut verdict = judge(&told(&journal)?, &cluster.payments().await?)?;
        for what in verdict.lost.iter().chain(&verdict.doubled).take(10) {
            println!("failover: lost or doubled: {what}");
        }
        if self.is_control() {
            // Keys without an answer are not asked about again here, so their rows prove nothing.
            verdict.doubled.clear();
        }
        Ok(verdict)
    }

    /// Does it, waits for as long as it lasts, and undoes it.
    async fn strike(&self, cluster: &Cluster, run: &Run) -> anyhow::Result<()> {
        let primary = cluster.primary().await?;
        let note = |what: &str| {
            run.journal.note(&json!({"fault": what, "primary": cluster.name(primary)}));
        };
        note(self.fault.name());
        let lasts = self.fault.lasts();
        match self.fault {
            Fault::Postmaster => cluster.kill_postmaster(primary)?,
            Fault::Node => cluster.signal(&[primary], "KILL")?,
            Fault::Switchover => cluster.switch_over().await?,
            Fault::Frozen => {
                cluster.signal(&[primary], "STOP")?;
                sleep(lasts).await;
                cluster.signal(&[primary], "CONT")?;
                note("thawed");
            }
            Fault::Partition => {
                cluster.cut(primary)?;
                sleep(lasts).await;
                cluster.mend(primary)?;
                note("mended");
            }
            Fault::Lagging => {
                let standbys = cluster.standbys().await?;
                cluster.signal(&standbys, "STOP")?;
                sleep(lasts).await;
                cluster.signal(&[primary], "KILL")?;
                cluster.signal(&standbys, "CONT")?;
                note("killed, and the standbys go on");
            }
        }
        Ok(())
    }
}
