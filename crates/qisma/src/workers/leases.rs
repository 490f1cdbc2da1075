//! Keeps this gateway's share of the work, where several gateways share a database (ADR 0016), and says
//! how that stands.

use tokio_util::sync::CancellationToken;

use super::wake_at;
use crate::gateway::Gateway;

/// Renews the leases until shutdown, and then until the last call that a worker has begun is over: its
/// record must still count. What nobody uses is handed over at once.
pub async fn run(gateway: Gateway, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        // A database of our own has nothing to be shared.
        let Some(next) = gateway.store.keep_leases().await else { return };
        report(&gateway);
        let wake_at = wake_at(&gateway, Some(next));
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = gateway.clock.sleep_until(wake_at) => {}
        }
    }
    gateway.store.retire();
    while let Some(next) = gateway.store.keep_leases().await
        && gateway.store.uses_shards()
    {
        gateway.clock.sleep_until(next).await;
    }
}

fn report(gateway: &Gateway) {
    let owned = u32::try_from(gateway.store.owned_shards().count()).unwrap_or(u32::MAX);
    metrics::gauge!("qisma_owned_shards").set(owned);
    let is_off = gateway.store.clock_is_off().is_some();
    metrics::gauge!("qisma_clock_is_off").set(u8::from(is_off));
}
