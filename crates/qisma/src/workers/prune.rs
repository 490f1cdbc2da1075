//! Forgets idempotency keys once they are no longer remembered, a page at a time, and what a server
//! keeps to tell how a commit ended.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use qisma_domain::decide::prune_keys::{PruneKeys, forgotten_before};
use qisma_domain::idempotency::IdempotencyScope;
use qisma_domain::ids::Shard;
use qisma_domain::time::Timestamp;
use qisma_store::RunError;

use super::owned;
use crate::gateway::Gateway;

/// Keys older than they need be do no harm for an hour.
const PERIOD_SECS: i64 = 3_600;
/// Keys forgotten at once: a payment that is asked for meanwhile waits for no more than these.
const PAGE_MAX: i64 = 500;

/// Nobody waits a day for the answer to a commit.
const BATCHES_KEPT_SECS: i64 = 24 * 3_600;

/// Forgets what is due and says when to come again.
pub async fn step(gateway: &Gateway) -> Option<Timestamp> {
    forget_batches(gateway).await;
    loop {
        let (now, owned) = (gateway.now(), owned(gateway).await);
        let again_at = Some(now.plus_secs(PERIOD_SECS));
        let before = forgotten_before(now);
        let ours = owned.clone();
        let due = gateway
            .store
            .read(move |reader| reader.idempotency_keys_to_prune(&ours, before, PAGE_MAX))
            .await;
        let scopes = match due {
            Ok(scopes) if scopes.is_empty() => return again_at,
            Ok(scopes) => scopes,
            Err(error) => {
                tracing::error!(%error, "old idempotency keys could not be read");
                return again_at;
            }
        };
        // One command a shard, all at once: the lane puts them into one transaction.
        let commands = by_shard(scopes).into_iter().filter_map(|(shard, scopes)| {
            let (command, fence) = (PruneKeys { scopes }, owned.fence(shard)?);
            Some(async move { gateway.store.run_fenced(command, &fence).await })
        });
        let mut forgotten = 0;
        for pruned in join_all(commands).await {
            match pruned {
                Ok(count) => forgotten += count,
                // Whoever has the shard now forgets them.
                Err(RunError::Superseded) => {}
                Err(error) => {
                    tracing::error!(%error, "old idempotency keys could not be forgotten");
                    return again_at;
                }
            }
        }
        // The lane's clock may disagree: the same page again would go on for ever.
        if forgotten == 0 {
            return again_at;
        }
    }
}

/// Whoever has the first shard does it for all.
async fn forget_batches(gateway: &Gateway) {
    if owned(gateway).await.fence(Shard(0)).is_none() {
        return;
    }
    let settled = gateway.now().plus_secs(-BATCHES_KEPT_SECS);
    if let Err(error) = gateway.store.forget_batches(settled).await {
        tracing::error!(%error, "old batch markers could not be forgotten");
    }
}

fn by_shard(scopes: Vec<IdempotencyScope>) -> BTreeMap<Shard, Vec<IdempotencyScope>> {
    let mut by_shard: BTreeMap<Shard, Vec<IdempotencyScope>> = BTreeMap::new();
    for scope in scopes {
        by_shard.entry(scope.shard()).or_default().push(scope);
    }
    by_shard
}
