//! Workers: what happens without anybody asking. Each finds its work in the store, so a restart
//! loses nothing, and sleeps on the gateway's clock, so tests move time instead of waiting.

pub mod deliver;

use qisma_domain::time::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::gateway::Gateway;

/// The longest a worker sleeps: whatever it has overlooked, it finds within this time.
const SLEEP_SECS_MAX: i64 = 60;

/// Runs a worker until shutdown: it does what is due, says when something is next due, and is woken
/// by that moment or by a commit, whichever comes first.
pub async fn run(
    gateway: Gateway,
    shutdown: CancellationToken,
    step: impl AsyncFn(&Gateway) -> Option<Timestamp>,
) {
    let mut commits = gateway.commits.clone();
    while !shutdown.is_cancelled() {
        commits.mark_unchanged();
        let next = step(&gateway).await;
        let latest = gateway.now().plus_secs(SLEEP_SECS_MAX);
        let wake_at = next.map_or(latest, |next| next.min(latest));
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = gateway.clock.sleep_until(wake_at) => {}
            // The sender lives as long as the store; should it go, the clock still wakes us.
            changed = commits.changed() => if changed.is_err() { return },
        }
    }
}
