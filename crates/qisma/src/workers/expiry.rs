//! Ends payments whose time is over. Those that a card attempt holds open are not ours: there the
//! bank has the last word, and the inquiry worker asks it.

use futures_util::stream::{self, StreamExt};
use qisma_domain::decide::expire_payment::ExpirePayment;
use qisma_domain::time::Timestamp;
use qisma_store::RunError;

use super::owned;
use crate::gateway::Gateway;

const PAGE: usize = 200;
/// After a failure the store is given a moment.
const PAUSE_SECS: i64 = 1;

/// Expires what is due and says when something is next due.
pub async fn step(gateway: &Gateway) -> Option<Timestamp> {
    loop {
        let (now, owned) = (gateway.now(), owned(gateway).await);
        let count_max = i64::try_from(PAGE).expect("a page is small");
        let ours = owned.clone();
        let found = gateway.store.read(move |reader| {
            Ok((reader.payments_to_expire(&ours, now, count_max)?, reader.next_expiry(&ours)?))
        });
        let (due, next) = match found.await {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "payments to expire could not be read");
                return Some(now.plus_secs(PAUSE_SECS));
            }
        };
        if due.is_empty() {
            return next;
        }
        // All at once: the lane puts them into one transaction.
        let due =
            due.into_iter().filter_map(|payment| Some((payment, owned.fence(payment.shard())?)));
        let ends = due.map(|(payment, fence)| async move {
            match gateway.store.run_fenced(ExpirePayment { payment }, &fence).await {
                Ok(()) => true,
                // Somebody was faster, or it is not due after all.
                Err(RunError::Refused(_) | RunError::Superseded) => false,
                Err(error) => {
                    tracing::error!(%payment, %error, "a payment could not be expired");
                    false
                }
            }
        });
        let ended: Vec<bool> = stream::iter(ends).buffer_unordered(PAGE).collect().await;
        if !ended.contains(&true) {
            return Some(gateway.now().plus_secs(PAUSE_SECS));
        }
    }
}
