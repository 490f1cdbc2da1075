//! Sends webhooks: at least once, by the schedule, each receiver by itself (Flouci API, section 7).
//!
//! The worker keeps nothing that a restart would miss: what is due stands in the store, and what a
//! try brought is recorded there before the same delivery can leave again. Only how well a receiver
//! does at the moment is known in memory ([`gates`]).
//!
//! **Invariant:** one delivery is under way at most once, whichever gateway sends it. A second copy
//! leaves only after a crash between the receiver's answer and its record, or when a gateway froze with
//! it under way for longer than its lease.
//! **Invariant:** no read and no transaction is open while a receiver is being called.

mod gates;
mod search;
mod send;
mod turns;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use qisma_domain::ids::DeliveryId;
use qisma_domain::time::Timestamp;
use qisma_store::Receiver;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::gates::{Gates, Verdict};
use self::search::{Find, Parcel, Search};
use self::turns::{Owner, Turns};
use super::{changed, owned, poll_at};
use crate::gateway::Gateway;

/// How long it waits after the store could not be read.
const READ_AGAIN_SECS: i64 = 5;

/// Sends what is due until shutdown, then waits for what is under way: each call has a deadline of
/// its own, so that takes no longer than `webhooks.timeout_secs`.
pub async fn run(gateway: Gateway, shutdown: CancellationToken) {
    // After a restore: what a backup calls pending may have been received long ago.
    if gateway.config.workers.deliveries_are_paused {
        return;
    }
    let mut deliveries = gateway.deliveries.clone();
    let mut changes = gateway.store.shard_changes();
    let mut sender = Sender::new(&gateway, shutdown.clone());
    while !shutdown.is_cancelled() {
        gateway.store.keep_leases().await;
        changes.mark_unchanged();
        deliveries.mark_unchanged();
        let next = sender.start_due().await;
        let wake_at = poll_at(&gateway, next);
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some(ended) = sender.under_way.join_next() => sender.note(ended),
            () = gateway.clock.sleep_until(wake_at) => {}
            // Whoever tells of them lives as long as the store.
            told = deliveries.changed() => if told.is_err() { break },
            () = changed(&mut changes) => {}
        }
    }
    sender.finish().await;
}

/// A delivery that is no longer under way.
struct Ended {
    delivery: DeliveryId,
    receiver: Receiver,
    owner: Owner,
    verdict: Verdict,
}

/// What is under way, to whom more may be sent, and whose turn it is.
struct Sender {
    gateway: Gateway,
    shutdown: CancellationToken,
    gates: Gates,
    under_way: JoinSet<Ended>,
    /// Deliveries that must not be found again: under way, or stored in a way that nobody can read.
    taken: BTreeSet<DeliveryId>,
    turns: Turns,
}

impl Sender {
    fn new(gateway: &Gateway, shutdown: CancellationToken) -> Self {
        let settings = &gateway.config.webhooks;
        Self {
            gateway: gateway.clone(),
            shutdown,
            gates: Gates::new(settings.per_origin_max, settings.concurrency_max),
            under_way: JoinSet::new(),
            taken: BTreeSet::new(),
            turns: Turns::default(),
        }
    }

    /// Starts what is due and may leave, without waiting for any of it. Returns when something more
    /// is due; whatever has to wait for its receiver is looked for again when that one is free.
    async fn start_due(&mut self) -> Option<Timestamp> {
        while let Some(ended) = self.under_way.try_join_next() {
            self.note(ended);
        }
        if self.gates.free_in_all() == 0 {
            return None;
        }
        let search = Search {
            now: self.gateway.now(),
            owned: owned(&self.gateway).await,
            free_in_all: self.gates.free_in_all(),
            free_at_most: self.gates.per_receiver_max(),
            free: self.gates.free_by_receiver(),
            free_of_owner_at_most: self.gates.per_owner_max(),
            free_of_owners: self.gates.free_by_owner(),
            taken: self.taken.clone(),
            turns: self.turns.clone(),
        };
        match self.gateway.store.read(move |reader| search.run(reader)).await {
            Ok(found) => {
                self.gates.forget_all_but(&found.receivers);
                self.turns = found.turns;
                for find in found.finds {
                    self.start(find);
                }
                found.next_at
            }
            Err(error) => {
                tracing::error!(%error, "webhooks that are due could not be read");
                Some(self.gateway.now().plus_secs(READ_AGAIN_SECS))
            }
        }
    }

    fn start(&mut self, find: Find) {
        match find {
            Find::Parcel(owner, parcel) => self.start_parcel(owner, *parcel),
            Find::Unreadable { delivery, error } => {
                tracing::error!(%delivery, %error, "a webhook's row cannot be read; it is left");
                self.taken.insert(delivery);
            }
        }
    }

    fn start_parcel(&mut self, owner: Owner, parcel: Parcel) {
        let delivery = parcel.delivery.id;
        let receiver = (parcel.delivery.app, parcel.delivery.origin.clone());
        self.taken.insert(delivery);
        self.gates.begin(&receiver, owner);
        let (gateway, shutdown) = (self.gateway.clone(), self.shutdown.clone());
        self.under_way.spawn(async move {
            let sent = send::send_and_record(&gateway, parcel, &shutdown);
            // A bug in one delivery must not leave its receiver's place taken for ever.
            let verdict = AssertUnwindSafe(sent).catch_unwind().await.unwrap_or(Verdict::Failed);
            Ended { delivery, receiver, owner, verdict }
        });
    }

    fn note(&mut self, ended: Result<Ended, tokio::task::JoinError>) {
        // Panics are caught inside, and nobody aborts these tasks.
        let Ok(ended) = ended else { return };
        self.taken.remove(&ended.delivery);
        self.gates.end(&ended.receiver, ended.owner, ended.verdict);
    }

    async fn finish(mut self) {
        while self.under_way.join_next().await.is_some() {}
    }
}
