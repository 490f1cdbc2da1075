//! Looks after money that is held until a merchant takes it: captures that their requests did not bring to
//! an end, holds whose time is over, and wallets' holds that were let go and are not free yet.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::join_all;
use qisma_domain::ids::{Mode, PaymentId};
use qisma_domain::time::Timestamp;
use qisma_store::{Fence, RunError};

use super::owned;
use crate::gateway::Gateway;
use crate::payer::held::{HeldError, go_on};

/// Calls to one acquirer at a time.
const PER_ACQUIRER_MAX: i64 = 8;
/// How soon the store is asked again after it could not answer, or a look has changed nothing.
const REST_SECS: i64 = 1;

/// Looks after what is due, and says when something is next.
pub(super) async fn round(gateway: &Gateway, mode: Mode) -> Option<Timestamp> {
    let rest = Some(gateway.now().plus_secs(REST_SECS));
    let Some(due) = due(gateway, mode).await else { return rest };
    let looks = due.iter().map(|(payment, fence)| async move {
        // A panic in one look must stop neither the others nor the worker.
        let look = AssertUnwindSafe(go_on(gateway, *payment, fence)).catch_unwind();
        match look.await {
            // Another gateway has the payment now, and looks after it.
            Ok(Ok(()) | Err(HeldError::Store(RunError::Superseded))) => {}
            Err(_) => tracing::error!(%payment, "a look after held money has panicked"),
            Ok(Err(error)) => {
                tracing::error!(%payment, %error, "held money could not be looked after");
            }
        }
    });
    join_all(looks).await;
    let owned = owned(gateway).await;
    match gateway.store.read(move |reader| reader.next_held_look(&owned)).await {
        // What is still due has failed just now, or waits for a place.
        Ok(next) => next.map(|next| next.max(gateway.now().plus_secs(REST_SECS))),
        Err(_) => rest,
    }
}

async fn due(gateway: &Gateway, mode: Mode) -> Option<Vec<(PaymentId, Fence)>> {
    let (now, owned) = (gateway.now(), owned(gateway).await);
    let ours = owned.clone();
    let read = gateway
        .store
        .read(move |reader| reader.held_to_look_at(&ours, mode, now, PER_ACQUIRER_MAX));
    let due = read.await.inspect_err(|error| {
        tracing::error!(%error, "held money to look after could not be read");
    });
    let fenced = |payment: PaymentId| Some((payment, owned.fence(payment.shard())?));
    Some(due.ok()?.into_iter().filter_map(fenced).collect())
}
