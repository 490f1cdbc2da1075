//! Looks at orders whose bank has not said its last word, on the schedule of ADR 0013: so a payer who
//! paid and closed the tab is captured, and money that nobody should have paid goes back.

use futures_util::stream::{self, StreamExt};
use qisma_domain::time::Timestamp;

use crate::gateway::Gateway;
use crate::payer::outcome::look_at;

const PAGE: i64 = 200;
/// Calls to banks at a time. A bank that hangs holds up this many looks and no more.
const CONCURRENCY: usize = 8;
/// The shortest time between two rounds, so that a look that changes nothing cannot spin.
const PAUSE_SECS: i64 = 1;

/// Looks at what is due and says when something is next due.
pub async fn step(gateway: &Gateway) -> Option<Timestamp> {
    let now = gateway.now();
    let due = gateway.store.read(move |reader| reader.attempts_to_look_at(now, PAGE));
    let due = match due.await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(%error, "orders to look at could not be read");
            return Some(now.plus_secs(PAUSE_SECS));
        }
    };
    let nothing_due = due.is_empty();
    let looks = due.into_iter().map(|(payment, attempt)| async move {
        if let Err(error) = look_at(gateway, payment, attempt).await {
            tracing::error!(%payment, attempt, %error, "an order could not be looked at");
        }
    });
    stream::iter(looks).buffer_unordered(CONCURRENCY).collect::<Vec<()>>().await;
    #[expect(clippy::redundant_closure_for_method_calls, reason = "a method has one lifetime")]
    let next = gateway.store.read(|reader| reader.next_look()).await.ok().flatten();
    if nothing_due {
        return next;
    }
    next.map(|next| next.max(gateway.now().plus_secs(PAUSE_SECS)))
}
