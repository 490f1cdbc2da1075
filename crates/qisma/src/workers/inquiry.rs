//! Looks at orders whose bank has not said its last word, on the schedule of ADR 0013: so a payer who
//! paid and closed the tab is captured, and money that nobody should have paid goes back.
//!
//! **Invariant:** each acquirer has places of its own. A sandbox that hangs holds up test payments and
//! no live one.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use qisma_domain::decide::record_outcome::Outcome;
use qisma_domain::ids::{Mode, PaymentId};
use qisma_domain::time::Timestamp;
use qisma_store::{Fence, RunError, Shards};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{changed, owned, poll_at};
use crate::gateway::Gateway;
use crate::payer::outcome::{Look, LookError, look_at_fenced};

/// A mode has one acquirer.
const MODES: [Mode; 2] = [Mode::Test, Mode::Live];
/// Calls to one acquirer at a time. A bank that hangs holds up this many of its own looks.
const PER_ACQUIRER_MAX: usize = 8;
/// How long an order rests after a look that may have changed nothing, so that none can spin.
const REST_SECS: i64 = 1;

/// Payment and attempt.
type Order = (PaymentId, u16);

/// Looks at what is due until shutdown, then waits for what is under way: each call to a bank has a
/// deadline of its own.
pub async fn run(gateway: Gateway, shutdown: CancellationToken) {
    let mut looks = Looks::default();
    let mut changes = gateway.store.shard_changes();
    while !shutdown.is_cancelled() {
        gateway.store.keep_leases().await;
        changes.mark_unchanged();
        let next = looks.start_due(&gateway).await;
        let wake_at = poll_at(&gateway, next);
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some(ended) = looks.under_way.join_next() => looks.note(&ended, gateway.now()),
            () = gateway.clock.sleep_until(wake_at) => {}
            () = gateway.inquiries.notified() => {}
            () = changed(&mut changes) => {}
        }
    }
    while looks.under_way.join_next().await.is_some() {}
}

/// Does all that is due at this moment, to its end, for whoever moves the clock by hand.
pub async fn step(gateway: &Gateway) {
    let mut looks = Looks::default();
    loop {
        looks.start_due(gateway).await;
        let Some(ended) = looks.under_way.join_next().await else { return };
        looks.note(&ended, gateway.now());
    }
}

/// A look that is over.
struct Ended {
    mode: Mode,
    order: Order,
    rests: bool,
}

/// What is under way, and what must wait a moment.
#[derive(Default)]
struct Looks {
    under_way: JoinSet<Ended>,
    taken: BTreeMap<Mode, BTreeSet<Order>>,
    resting: BTreeMap<Order, Timestamp>,
}

impl Looks {
    /// Fills the free places of each acquirer, without waiting for any look. Returns when something
    /// more is due; what waits for a place is looked for again when one is free.
    async fn start_due(&mut self, gateway: &Gateway) -> Option<Timestamp> {
        while let Some(ended) = self.under_way.try_join_next() {
            self.note(&ended, gateway.now());
        }
        let (now, owned) = (gateway.now(), owned(gateway).await);
        self.resting.retain(|_, until| now < *until);
        for mode in MODES {
            let due = self.due(gateway, mode, now, &owned).await;
            let Some(due) = due else { return Some(now.plus_secs(REST_SECS)) };
            for (order, fence) in due {
                let (gateway, (payment, attempt)) = (gateway.clone(), order);
                let look = async move { look_at_fenced(&gateway, payment, attempt, &fence).await };
                self.start(mode, order, look);
            }
        }
        let next = gateway.store.read(move |reader| reader.next_look(&owned)).await.ok().flatten();
        // What is due already is under way, rests, or waits for a place.
        next.map(|next| next.max(now.plus_secs(REST_SECS)))
    }

    /// What may be begun now for an acquirer; `None` when the store cannot say.
    async fn due(
        &self,
        gateway: &Gateway,
        mode: Mode,
        now: Timestamp,
        owned: &Shards,
    ) -> Option<Vec<(Order, Fence)>> {
        let taken = self.taken.get(&mode);
        let taken_count = taken.map_or(0, BTreeSet::len);
        let free = PER_ACQUIRER_MAX.saturating_sub(taken_count);
        if free == 0 {
            return Some(Vec::new());
        }
        // Those that may not be begun stand first, because they have been due for longest.
        let count_max = free + taken_count + self.resting.len();
        let count_max = i64::try_from(count_max).unwrap_or(i64::MAX);
        let ours = owned.clone();
        let read = gateway
            .store
            .read(move |reader| reader.attempts_to_look_at(&ours, mode, now, count_max));
        let due = match read.await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "orders to look at could not be read");
                return None;
            }
        };
        let is_taken = |order: &Order| taken.is_some_and(|taken| taken.contains(order));
        let free_to_begin = |order: &Order| !is_taken(order) && !self.resting.contains_key(order);
        let fenced = |order: Order| Some((order, owned.fence(order.0.shard())?));
        let due = due.into_iter().filter(free_to_begin).filter_map(fenced);
        Some(due.take(free).collect())
    }

    fn start(
        &mut self,
        mode: Mode,
        order: Order,
        look: impl Future<Output = Result<Look, LookError>> + Send + 'static,
    ) {
        self.taken.entry(mode).or_default().insert(order);
        self.under_way.spawn(async move {
            // A panic in one look must neither stop the others nor keep its place for ever.
            let looked = AssertUnwindSafe(look).catch_unwind().await;
            let (payment, attempt) = order;
            let rests = match looked {
                // It is to be given back, which is the next look's work.
                Ok(Ok(look)) => look.outcome != Outcome::Unwanted,
                // Another gateway has the order now, and looks at it.
                Ok(Err(LookError::Store(RunError::Superseded))) => true,
                Ok(Err(error)) => {
                    tracing::error!(%payment, attempt, %error, "an order could not be looked at");
                    true
                }
                Err(_) => {
                    tracing::error!(%payment, attempt, "a look has panicked");
                    true
                }
            };
            Ended { mode, order, rests }
        });
    }

    fn note(&mut self, ended: &Result<Ended, JoinError>, now: Timestamp) {
        // Panics are caught inside, and nobody aborts these tasks.
        let Ok(&Ended { mode, order, rests }) = ended.as_ref() else { return };
        if let Some(taken) = self.taken.get_mut(&mode) {
            taken.remove(&order);
        }
        if rests {
            self.resting.insert(order, now.plus_secs(REST_SECS));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn order(number: u16) -> Order {
        (PaymentId::from_bytes([7; 16]), number)
    }

    const fn unwanted() -> Look {
        Look { outcome: Outcome::Unwanted, unpaid: false }
    }

    #[tokio::test]
    async fn a_look_that_panics_ends_alone_and_gives_its_place_back() {
        let mut looks = Looks::default();
        looks.start(Mode::Test, order(1), async { panic!("a planted bug") });
        looks.start(Mode::Test, order(2), async { Ok(unwanted()) });
        while let Some(ended) = looks.under_way.join_next().await {
            looks.note(&ended, NOW);
        }
        assert!(looks.taken[&Mode::Test].is_empty());
        assert_eq!(looks.resting.into_keys().collect::<Vec<_>>(), [order(1)]);
    }
}
