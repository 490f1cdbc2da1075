//! Forgets idempotency keys once they are no longer remembered, a page at a time, cards whose declines
//! no longer count, and what a server keeps to tell how a commit ended.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use qisma_domain::card::CardFingerprint;
use qisma_domain::decide::forget_cards::{self, ForgetCards};
use qisma_domain::decide::prune_keys::{PruneKeys, forgotten_before};
use qisma_domain::idempotency::IdempotencyScope;
use qisma_domain::ids::Shard;
use qisma_domain::time::Timestamp;
use qisma_store::{ReadError, RunError};

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
    forget_cards(gateway).await;
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

/// Forgets cards whose declines no longer count: of those that come later, the next hour's step.
async fn forget_cards(gateway: &Gateway) {
    loop {
        let (ours, before) = (owned(gateway).await, forget_cards::forgotten_before(gateway.now()));
        let due = {
            let ours = ours.clone();
            gateway.store.read(move |reader| reader.cards_to_forget(&ours, before, PAGE_MAX)).await
        };
        let mut by_shard: BTreeMap<Shard, Vec<CardFingerprint>> = BTreeMap::new();
        for card in due.unwrap_or_else(|error| report_cards(&error)) {
            by_shard.entry(card.shard()).or_default().push(card);
        }
        let commands = by_shard.into_iter().filter_map(|(shard, cards)| {
            let (command, fence) = (ForgetCards { cards }, ours.fence(shard)?);
            Some(async move { gateway.store.run_fenced(command, &fence).await })
        });
        let done = join_all(commands).await;
        // What failed is due again in an hour, and what is left of a page at once.
        let forgotten: usize = done.into_iter().map(|done| done.unwrap_or(0)).sum();
        if forgotten == 0 {
            return;
        }
    }
}

fn report_cards(error: &ReadError) -> Vec<CardFingerprint> {
    tracing::error!(%error, "old windows of declined cards could not be read");
    vec![]
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
