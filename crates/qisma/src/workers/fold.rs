//! Adds to the balances what was written to be folded later (ADR 0018): first to the accounts, then the
//! lines no longer wait. What is cut off between the two is done again, and adds nothing twice.
//!
//! It runs whatever the setting says: what waited when the setting was changed is folded all the same.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use qisma_domain::decide::fold_lines::{FoldLines, ForgetUnfolded};
use qisma_domain::ids::Shard;
use qisma_domain::journal::{LineKey, UnfoldedLine};
use qisma_domain::time::Timestamp;
use qisma_store::{Fold, RunError, Shards, Unfolded};
use tokio_util::sync::CancellationToken;

use super::{changed, owned, poll_at};
use crate::gateway::Gateway;

/// Lines that are folded at once: of some 500 entries.
const PAGE: usize = 2_000;
/// How long lines may gather after the first has told of itself: one transaction an account's shard for
/// all of them is cheaper than one for each.
const GATHER_MICROS: i64 = 50_000;
/// How often it looks for what other gateways have left in this one's shards.
const POLL_MICROS: i64 = 200_000;
/// After a failure the store is given a moment.
const PAUSE_SECS: i64 = 1;

/// Folds what is there until shutdown, whenever a commit tells that it has left something.
pub async fn run(gateway: Gateway, shutdown: CancellationToken) {
    let mut unfolded = gateway.store.unfolded_changes();
    let mut changes = gateway.store.shard_changes();
    while !shutdown.is_cancelled() {
        // What this brings is no news afterwards.
        gateway.store.keep_leases().await;
        changes.mark_unchanged();
        unfolded.mark_unchanged();
        let next = step(&gateway).await;
        let wake_at = wake_at(&gateway, next);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = gateway.clock.sleep_until(wake_at) => {}
            () = changed(&mut changes) => {}
            () = changed(&mut unfolded) => {
                let gathered_at = gateway.now().plus_micros(GATHER_MICROS);
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = gateway.clock.sleep_until(gathered_at) => {}
                }
            }
        }
    }
}

fn wake_at(gateway: &Gateway, next: Option<Timestamp>) -> Timestamp {
    let is_deferred = gateway.config.ledger.fold == Fold::Deferred;
    if next.is_none() && is_deferred && gateway.store.is_shared() {
        return gateway.now().plus_micros(POLL_MICROS);
    }
    poll_at(gateway, next)
}

/// Folds all that waits in this gateway's shards, and says when to come again if some of it failed.
/// What failed does not stand before the rest.
pub async fn step(gateway: &Gateway) -> Option<Timestamp> {
    let again_at = || Some(gateway.now().plus_secs(PAUSE_SECS));
    let (mut stuck, mut is_first) = (BTreeSet::<LineKey>::new(), true);
    loop {
        let owned = owned(gateway).await;
        let ours = owned.clone();
        let count_max = i64::try_from(PAGE.saturating_add(stuck.len())).unwrap_or(i64::MAX);
        let found = gateway.store.read(move |reader| {
            // Counting looks at all that waits, so not on every page of a backlog.
            let standing = if is_first { Some(reader.unfolded(&ours)?) } else { None };
            Ok((standing, reader.unfolded_lines(&ours, count_max)?))
        });
        let mut lines = match found.await {
            Ok((standing, lines)) => {
                if let Some(standing) = standing {
                    report(gateway, &standing);
                }
                lines
            }
            Err(error) => {
                tracing::error!(%error, "lines to be folded could not be read");
                return again_at();
            }
        };
        is_first = false;
        lines.retain(|line| !stuck.contains(&line.key));
        if lines.is_empty() {
            return if stuck.is_empty() { None } else { again_at() };
        }
        let asked: BTreeSet<LineKey> = lines.iter().map(|line| line.key).collect();
        let done = fold(gateway, &owned, lines).await;
        let forgotten = forget(gateway, &owned, done).await;
        stuck.extend(asked.difference(&forgotten));
    }
}

fn report(gateway: &Gateway, standing: &Unfolded) {
    let micros = standing.oldest_at.map_or(0, |at| gateway.now().micros() - at.micros());
    let lag = std::time::Duration::from_micros(u64::try_from(micros).unwrap_or(0));
    metrics::gauge!("qisma_fold_lag_seconds").set(lag);
    let lines = u32::try_from(standing.lines).unwrap_or(u32::MAX);
    metrics::gauge!("qisma_unfolded_lines").set(lines);
}

/// Adds the lines to their accounts, one command a shard of accounts, and gives those that are there.
/// Needs no fence: a line is added once, whoever does it.
async fn fold(gateway: &Gateway, owned: &Shards, lines: Vec<UnfoldedLine>) -> BTreeSet<LineKey> {
    let now = gateway.now();
    let mut by_shard: BTreeMap<Shard, Vec<UnfoldedLine>> = BTreeMap::new();
    for line in lines {
        let is_ours = owned.fence(line.key.entry.shard()).is_some_and(|fence| fence.holds(now));
        if is_ours {
            by_shard.entry(line.account.id().shard()).or_default().push(line);
        }
    }
    let commands = by_shard.into_values().map(|lines| FoldLines { lines });
    let runs = commands.map(|command| gateway.store.run_reserved(command));
    let mut done = BTreeSet::new();
    for folded in join_all(runs).await {
        match folded {
            Ok(folded) => {
                done.extend(folded.done);
                for line in folded.left {
                    tracing::error!(
                        ?line,
                        "a line takes money that nothing holds; it is not folded"
                    );
                }
            }
            Err(error) => tracing::error!(%error, "lines could not be added to their accounts"),
        }
    }
    done
}

/// Lets folded lines no longer wait, one command a shard of entries, and gives those that do not.
async fn forget(gateway: &Gateway, owned: &Shards, done: BTreeSet<LineKey>) -> BTreeSet<LineKey> {
    let mut by_shard: BTreeMap<Shard, Vec<LineKey>> = BTreeMap::new();
    for line in done {
        by_shard.entry(line.entry.shard()).or_default().push(line);
    }
    let runs = by_shard.into_iter().filter_map(|(shard, lines)| {
        let fence = owned.fence(shard)?;
        let command = ForgetUnfolded { lines: lines.clone() };
        Some(async move { (lines, gateway.store.run_fenced(command, &fence).await) })
    });
    let mut forgotten = BTreeSet::new();
    for (lines, ran) in join_all(runs).await {
        match ran {
            Ok(()) => forgotten.extend(lines),
            // Whoever has the shard now folds them again, which adds nothing.
            Err(RunError::Superseded) => {}
            Err(error) => tracing::error!(%error, "folded lines could not be marked"),
        }
    }
    forgotten
}
