//! Forgets idempotency keys once they are no longer remembered, a page at a time, and what a server
//! keeps to tell how a commit ended.

use qisma_domain::decide::prune_keys::{PruneKeys, forgotten_before};
use qisma_domain::time::Timestamp;

use crate::gateway::Gateway;

/// Keys older than they need be do no harm for an hour.
const PERIOD_SECS: i64 = 3_600;
/// Keys forgotten at once: a payment that is asked for meanwhile waits for no more than these.
const PAGE_MAX: i64 = 500;

/// Nobody waits a day for the answer to a commit.
const BATCHES_KEPT_SECS: i64 = 24 * 3_600;

/// Forgets what is due and says when to come again.
pub async fn step(gateway: &Gateway) -> Option<Timestamp> {
    let settled = gateway.now().plus_secs(-BATCHES_KEPT_SECS);
    if let Err(error) = gateway.store.forget_batches(settled).await {
        tracing::error!(%error, "old batch markers could not be forgotten");
    }
    loop {
        let now = gateway.now();
        let again_at = Some(now.plus_secs(PERIOD_SECS));
        let before = forgotten_before(now);
        let due = gateway
            .store
            .read(move |reader| reader.idempotency_keys_to_prune(before, PAGE_MAX))
            .await;
        let scopes = match due {
            Ok(scopes) if scopes.is_empty() => return again_at,
            Ok(scopes) => scopes,
            Err(error) => {
                tracing::error!(%error, "old idempotency keys could not be read");
                return again_at;
            }
        };
        match gateway.store.run_reserved(PruneKeys { scopes }).await {
            Ok(1..) => {}
            // The lane's clock disagrees: the same page again would go on for ever.
            Ok(0) => return again_at,
            Err(error) => {
                tracing::error!(%error, "old idempotency keys could not be forgotten");
                return again_at;
            }
        }
    }
}
