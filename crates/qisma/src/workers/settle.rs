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
                return Some(now.plus_secs(PAUSE_SECS));
            }
        };
        if due.is_empty() {
            let again_at = Some(gateway.now().plus_secs(PAUSE_SECS));
            return if stuck.is_empty() { next } else { again_at };
        }
        let due = due.into_iter().map(|due| {
            let fence = owned.fence(due.payment.shard());
            async move {
                let payment = due.payment;
                settle(gateway, due, fence).await.then_some(payment).ok_or(payment)
            }
        });
        // All at once: the lane puts them into one transaction.
        let settled: Vec<_> = stream::iter(due).buffer_unordered(PAGE).collect().await;
        stuck.extend(settled.into_iter().filter_map(Result::err));
    }
}

fn due(
    reader: &Reader<'_>,
    owned: &Shards,
    now: Timestamp,
    count_max: i64,
    stuck: &BTreeSet<PaymentId>,
) -> Result<Vec<ToSettle>, ReadError> {
    let ids = reader.payments_to_settle(owned, now, count_max)?;
    let ids = ids.iter().filter(|id| !stuck.contains(id));
    ids.filter_map(|id| reader.to_settle(id).transpose()).collect()
}

/// Settles a payment; whether that need not be tried again.
async fn settle(gateway: &Gateway, due: ToSettle, fence: Option<Fence>) -> bool {
    let Some(fence) = fence else { return false };
    let ToSettle { payment, mode, destinations, parked } = due;
    let command = SettlePayment { payment, mode, destinations, parked };
    match gateway.store.run_fenced(command, &fence).await {
        // Somebody was faster.
        Ok(()) | Err(RunError::Refused(SettleRefusal::NothingToSettle)) => true,
        // Another gateway has the payment now, or it is too early after all.
        Err(RunError::Superseded | RunError::Refused(_)) => false,
        Err(error) => {
            tracing::error!(%payment, %error, "a payment could not be settled");
            false
        }
    }
}
