//! Looks after refunds that their requests did not bring to an end: the ones whose answer was lost, and
//! those that stood behind another; and, beside them, after held money ([`super::held`]). Each mode has a
//! worker, so that a sandbox that hangs holds up no live refund.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use qisma_domain::ids::{Mode, PaymentId};
use qisma_domain::time::Timestamp;
use qisma_store::{Fence, RunError};
use tokio_util::sync::CancellationToken;

use super::{changed, held, owned, poll_at};
use crate::gateway::Gateway;
use crate::payer::refund::{RefundError, go_on};

/// Calls to one acquirer at a time.
const PER_ACQUIRER_MAX: i64 = 8;
/// Refunds of one payment that end one after the other in one step.
const ROUNDS_MAX: usize = 5;
/// How soon the store is asked again after it could not answer, or a look has changed nothing.
const REST_SECS: i64 = 1;

/// Looks after what is due of a mode until shutdown.
pub async fn run(gateway: Gateway, shutdown: CancellationToken, mode: Mode) {
    let mut changes = gateway.store.shard_changes();
    while !shutdown.is_cancelled() {
        gateway.store.keep_leases().await;
        changes.mark_unchanged();
        let (next, held) = join(round(&gateway, mode), held::round(&gateway, mode)).await;
        let next = next.into_iter().chain(held).min();
        let wake_at = poll_at(&gateway, next);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = gateway.clock.sleep_until(wake_at) => {}
            () = gateway.refund_news.of(mode).notified() => {}
            () = changed(&mut changes) => {}
        }
    }
}

/// Does all that is due at this moment, for whoever moves the clock by hand.
pub async fn step(gateway: &Gateway) {
    // What ends calls up what stood behind it, which is due at once.
    for mode in [Mode::Test, Mode::Live] {
        for _ in 0..ROUNDS_MAX {
            round(gateway, mode).await;
            held::round(gateway, mode).await;
        }
    }
}

/// Looks after what is due, and says when something is next.
async fn round(gateway: &Gateway, mode: Mode) -> Option<Timestamp> {
    let rest = Some(gateway.now().plus_secs(REST_SECS));
    let Ok(due) = due(gateway, mode).await else { return rest };
    let looks = due.iter().map(|(payment, number, fence)| async move {
        // A panic in one look must stop neither the others nor the worker.
        let look = AssertUnwindSafe(go_on(gateway, *payment, *number, fence)).catch_unwind();
        match look.await {
            // Another gateway has the payment now, and looks after it.
            Ok(Ok(()) | Err(RefundError::Store(RunError::Superseded))) => {}
            Err(_) => tracing::error!(%payment, number, "a look after a refund has panicked"),
            Ok(Err(error)) => {
                tracing::error!(%payment, number, %error, "a refund could not be looked after");
            }
        }
    });
    join_all(looks).await;
    let owned = owned(gateway).await;
    let next = gateway.store.read(move |reader| reader.next_refund_look(&owned)).await;
    match next {
        // What is still due has failed just now, or waits for a place.
        Ok(next) => next.map(|next| next.max(gateway.now().plus_secs(REST_SECS))),
        Err(_) => rest,
    }
}

async fn due(gateway: &Gateway, mode: Mode) -> Result<Vec<(PaymentId, u16, Fence)>, ()> {
    let (now, owned) = (gateway.now(), owned(gateway).await);
    let ours = owned.clone();
    let read = gateway
        .store
        .read(move |reader| reader.refunds_to_look_at(&ours, mode, now, PER_ACQUIRER_MAX));
    let due = read.await.map_err(|error| {
        tracing::error!(%error, "refunds to look after could not be read");
    })?;
    let fenced = |(payment, number): (PaymentId, u16)| {
        Some((payment, number, owned.fence(payment.shard())?))
    };
    Ok(due.into_iter().filter_map(fenced).collect())
}
