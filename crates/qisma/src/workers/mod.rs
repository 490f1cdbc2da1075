//! Workers: what happens without anybody asking. Each finds its work in the store, so a restart
//! loses nothing, and sleeps on the gateway's clock, so tests move time instead of waiting.

pub mod debts;
pub mod deliver;
pub mod expiry;
pub mod fold;
mod held;
pub mod holds;
pub mod inquiry;
pub mod leases;
pub mod prune;
pub mod refunds;
pub mod settle;

use qisma_domain::ids::Mode;
use qisma_domain::time::Timestamp;
use qisma_store::Shards;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::gateway::Gateway;

/// The longest a worker sleeps: whatever it has overlooked, it finds within this time. No payment
/// lives shorter, so none expires before the expiry worker has seen it.
const SLEEP_SECS_MAX: i64 = 60;
/// The longest that those sleep who are told of new work, where other gateways share the database: what
/// one of them has committed wakes nobody here.
const POLL_SECS: i64 = 1;
const _: () = assert!(SLEEP_SECS_MAX <= qisma_domain::limits::SESSION_TIMEOUT_SECS_MIN);

/// Starts every worker. Each ends soon after shutdown, once it is done with what it began.
pub fn start(gateway: &Gateway, shutdown: &CancellationToken) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    let (own, stop) = (|| gateway.clone(), || shutdown.clone());
    // New payments do not wake the expiry worker: thousands a second would keep it from sleeping,
    // and it looks often enough to see each in time.
    if gateway.store.has_leases() {
        workers.spawn(leases::run(own(), stop()));
    }
    workers.spawn(run_until(own(), stop(), expiry::step));
    workers.spawn(inquiry::run(own(), stop()));
    for mode in [Mode::Test, Mode::Live] {
        workers.spawn(refunds::run(own(), stop(), mode));
    }
    workers.spawn(run_until(own(), stop(), prune::step));
    workers.spawn(run_until(own(), stop(), settle::step));
    workers.spawn(run_until(own(), stop(), debts::step));
    workers.spawn(fold::run(own(), stop()));
    workers.spawn(run_until(own(), stop(), holds::step));
    workers.spawn(deliver::run(own(), stop()));
    workers
}

/// Runs a worker until shutdown: it does what is due, says when something is next due, and is woken
/// at that moment.
async fn run_until(
    gateway: Gateway,
    shutdown: CancellationToken,
    step: impl AsyncFn(&Gateway) -> Option<Timestamp>,
) {
    let mut changes = gateway.store.shard_changes();
    while !shutdown.is_cancelled() {
        // What this brings is no news afterwards.
        gateway.store.keep_leases().await;
        changes.mark_unchanged();
        let next = step(&gateway).await;
        let wake_at = wake_at(&gateway, next);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = gateway.clock.sleep_until(wake_at) => {}
            () = changed(&mut changes) => {}
        }
    }
}

/// The shards whose work is ours: renewed where it is time, so that whoever moves the clock by hand
/// need not run the worker that does it.
async fn owned(gateway: &Gateway) -> Shards {
    gateway.store.keep_leases().await;
    gateway.store.owned_shards()
}

/// Resolves when something was told; never once nobody is left to tell.
async fn changed(changes: &mut watch::Receiver<u64>) {
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn wake_at(gateway: &Gateway, next: Option<Timestamp>) -> Timestamp {
    let latest = gateway.now().plus_secs(SLEEP_SECS_MAX);
    next.map_or(latest, |next| next.min(latest))
}

/// The same for a worker that is told of new work, as far as it is this gateway's.
fn poll_at(gateway: &Gateway, next: Option<Timestamp>) -> Timestamp {
    let wake_at = wake_at(gateway, next);
    if gateway.store.is_shared() {
        return wake_at.min(gateway.now().plus_secs(POLL_SECS));
    }
    wake_at
}
