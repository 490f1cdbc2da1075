//! Keeps this gateway's share of the work, where several gateways share a database (ADR 0016), and says
//! how that stands.

use tokio_util::sync::CancellationToken;

use super::wake_at;
use crate::gateway::Gateway;

/// Renews the leases until shutdown. They are given up when the store closes, after the last worker
/// has ended.
pub async fn run(gateway: Gateway, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        // A database of our own has nothing to be shared.
        let Some(next) = gateway.store.keep_leases().await else { return };
        report(&gateway);
        let wake_at = wake_at(&gateway, Some(next));
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = gateway.clock.sleep_until(wake_at) => {}
        }
    }
}

fn report(gateway: &Gateway) {
    let owned = u32::try_from(gateway.store.owned_shards().count()).unwrap_or(u32::MAX);
    metrics::gauge!("qisma_owned_shards").set(owned);
    let is_off = gateway.store.clock_is_off().is_some();
    metrics::gauge!("qisma_clock_is_off").set(u8::from(is_off));
}
