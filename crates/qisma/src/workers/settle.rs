//! Settles card payments once the acquirer's money for them is here: their shares become available. What
//! merchants are told changes by the time alone; this moves the money (ADR 0022).

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};
use qisma_domain::decide::settle_payment::{SettlePayment, SettleRefusal};
use qisma_domain::ids::PaymentId;
use qisma_domain::time::Timestamp;
use qisma_store::{Fence, ReadError, Reader, RunError, Shards, ToSettle};

use super::owned;
use crate::gateway::Gateway;

/// Payments that are settled side by side: all of a day are due at one moment.
const PAGE: usize = 200;
/// After a failure the store is given a moment.
const PAUSE_SECS: i64 = 1;

/// Settles what is due and says when something is next due. What cannot be settled does not stand before
/// the rest.
pub async fn step(gateway: &Gateway) -> Option<Timestamp> {
    let mut stuck = BTreeSet::<PaymentId>::new();
    loop {
        let (now, owned) = (gateway.now(), owned(gateway).await);
        let again_at = |gateway: &Gateway| Some(gateway.now().plus_secs(PAUSE_SECS));
        let count_max = i64::try_from(PAGE.saturating_add(stuck.len())).unwrap_or(i64::MAX);
        let ours = owned.clone();
        let left = stuck.clone();
        let found = gateway.store.read(move |reader| {
            let due = due(reader, &ours, now, count_max, &left)?;
            Ok((due, reader.next_settlement(&ours)?))
        });
        let (due, next) = match found.await {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "payments to settle could not be read");
                return again_at(gateway);
            }
        };
        if due.is_empty() {
            return if stuck.is_empty() { next } else { again_at(gateway) };
        }
        let due = due.into_iter().map(|(payment, found)| {
            let fence = owned.fence(payment.shard());
            async move { (payment, settle(gateway, payment, found, fence).await) }
        });
        // All at once: the lane puts them into one transaction.
        let ended: Vec<_> = stream::iter(due).buffer_unordered(PAGE).collect().await;
        let is_over = |(_, ended): &(PaymentId, Ended)| matches!(ended, Ended::NoStore);
        // What the store refuses to one of them it refuses to all that follow.
        if ended.iter().any(is_over) {
            return again_at(gateway);
        }
        let is_stuck = |(id, ended)| matches!(ended, Ended::Stuck).then_some(id);
        stuck.extend(ended.into_iter().filter_map(is_stuck));
    }
}

/// A payment that is due, and whom it concerns if its rows can be read.
type Due = (PaymentId, Result<ToSettle, ReadError>);

fn due(
    reader: &Reader<'_>,
    owned: &Shards,
    now: Timestamp,
    count_max: i64,
    stuck: &BTreeSet<PaymentId>,
) -> Result<Vec<Due>, ReadError> {
    let ids = reader.payments_to_settle(owned, now, count_max)?;
    let mut due = vec![];
    for id in ids.into_iter().filter(|id| !stuck.contains(id)) {
        match reader.to_settle(&id) {
            Ok(found) => due.extend(found.map(|found| (id, Ok(found)))),
            Err(error) if error.is_of_a_row() => due.push((id, Err(error))),
            Err(error) => return Err(error),
        }
    }
    Ok(due)
}

/// How it went with one payment.
enum Ended {
    /// It is settled, or was.
    Settled,
    /// Not now, and perhaps never: others may be settled all the same.
    Stuck,
    /// The store takes nothing at the moment, or nobody knows what it has taken.
    NoStore,
}

async fn settle(
    gateway: &Gateway,
    payment: PaymentId,
    found: Result<ToSettle, ReadError>,
    fence: Option<Fence>,
) -> Ended {
    let due = match found {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(%payment, %error, "a payment to settle cannot be read");
            return Ended::Stuck;
        }
    };
    let Some(fence) = fence else { return Ended::Stuck };
    let ToSettle { payment, mode, destinations, parked } = due;
    let command = SettlePayment { payment, mode, destinations, parked };
    match gateway.store.run_fenced(command, &fence).await {
        // Somebody was faster.
        Ok(()) | Err(RunError::Refused(SettleRefusal::NothingToSettle)) => Ended::Settled,
        // Another gateway has the payment now, or it is too early after all.
        Err(RunError::Superseded | RunError::Refused(_)) => Ended::Stuck,
        Err(error @ RunError::Internal) => {
            tracing::error!(%payment, %error, "a payment could not be settled");
            Ended::Stuck
        }
        Err(error) => {
            tracing::error!(%payment, %error, "a payment could not be settled");
            Ended::NoStore
        }
    }
}
