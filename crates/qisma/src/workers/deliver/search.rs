//! Finds what is due and may leave: one read that goes round merchants and their receivers, so that
//! its cost grows with their number and not with how much waits for one of them.

use std::collections::{BTreeMap, BTreeSet};

use qisma_domain::app::App;
use qisma_domain::delivery::{Delivery, DeliveryMethod};
use qisma_domain::event::Event;
use qisma_domain::ids::{AppId, DeliveryId};
use qisma_domain::time::Timestamp;
use qisma_store::{Fence, ReadError, Reader, Receiver, Shards};

use super::turns::{Owner, Turns};

/// What is looked for.
pub(super) struct Search {
    pub(super) now: Timestamp,
    /// The shards in which it is looked for.
    pub(super) owned: Shards,
    /// How many may leave in all.
    pub(super) free_in_all: usize,
    /// How many may leave to a receiver that `free` does not name.
    pub(super) free_at_most: usize,
    /// How many may leave to these.
    pub(super) free: BTreeMap<Receiver, usize>,
    /// How many may leave to the receivers of a merchant that `free_of_owners` does not name.
    pub(super) free_of_owner_at_most: usize,
    /// How many may leave to those of these.
    pub(super) free_of_owners: BTreeMap<Owner, usize>,
    /// What is not to be found.
    pub(super) taken: BTreeSet<DeliveryId>,
    /// Who had the last turns.
    pub(super) turns: Turns,
}

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) finds: Vec<Find>,
    /// When something more is due, as far as it does not wait for a free place.
    pub(super) next_at: Option<Timestamp>,
    /// Who had the last turns now.
    pub(super) turns: Turns,
    /// Everybody for whom something waits.
    pub(super) receivers: BTreeSet<Receiver>,
}

/// One of them.
pub(super) enum Find {
    /// To be sent.
    Parcel(Owner, Box<Parcel>),
    /// A row that cannot be understood must not stand before all others.
    Unreadable { delivery: DeliveryId, error: ReadError },
}

/// A delivery with what it takes to send it.
pub(super) struct Parcel {
    pub(super) delivery: Delivery,
    /// What has to stand while it is sent.
    pub(super) fence: Fence,
    /// None: it is missing or unreadable, and so the delivery cannot be sent.
    pub(super) event: Option<Event>,
    /// None: as with the event.
    pub(super) app: Option<App>,
    /// What this receiver was found to take.
    pub(super) learned: Option<DeliveryMethod>,
}

impl Search {
    /// Goes round all receivers once, in the order of their turns.
    pub(super) fn run(mut self, reader: &Reader<'_>) -> Result<Found, ReadError> {
        let mut receivers = vec![];
        while let Some(receiver) = reader.next_receiver(&self.owned, receivers.last())? {
            receivers.push(receiver);
        }
        let owner_of = |app: &AppId| reader.app(app).ok().flatten().map(|app| app.merchant);
        let mut found = Found::default();
        for (owner, receiver) in self.turns.in_order(&receivers, owner_of) {
            self.look_at(reader, owner, &receiver, &mut found)?;
        }
        found.turns = self.turns;
        found.receivers = receivers.into_iter().collect();
        Ok(found)
    }

    fn look_at(
        &mut self,
        reader: &Reader<'_>,
        owner: Owner,
        receiver: &Receiver,
        found: &mut Found,
    ) -> Result<(), ReadError> {
        let left = self.free_in_all.saturating_sub(found.finds.len());
        let of_owner = self.free_of_owners.entry(owner).or_insert(self.free_of_owner_at_most);
        let of_receiver = self.free.get(receiver).copied().unwrap_or(self.free_at_most);
        let free = of_receiver.min(*of_owner).min(left);
        if free == 0 {
            return Ok(());
        }
        // One more than may leave tells when the next one is due.
        let count_max = free + self.taken.len() + 1;
        let waiting = reader.waiting_of(&self.owned, receiver, count_max)?;
        let waiting: Vec<_> =
            waiting.into_iter().filter(|waiting| !self.taken.contains(&waiting.id)).collect();
        let due = waiting.iter().take_while(|waiting| waiting.next_at <= self.now).take(free);
        let before = found.finds.len();
        let ours = &self.owned;
        found.finds.extend(due.filter_map(|waiting| find(reader, ours, owner, waiting.id)));
        let begun = found.finds.len() - before;
        if 0 < begun {
            *of_owner -= begun;
            self.turns.served(owner, receiver);
        }
        let later = waiting.iter().map(|waiting| waiting.next_at).find(|at| self.now < *at);
        found.next_at = found.next_at.into_iter().chain(later).min();
        Ok(())
    }
}

fn find(reader: &Reader<'_>, ours: &Shards, owner: Owner, id: DeliveryId) -> Option<Find> {
    let fence = ours.fence(id.shard())?;
    let delivery = match reader.delivery(&id) {
        Ok(delivery) => delivery?,
        Err(error) => return Some(Find::Unreadable { delivery: id, error }),
    };
    // What cannot be read is as good as missing: the try fails, and its neighbours leave.
    let event = reader.event(&delivery.event).ok().flatten();
    let app = reader.app(&delivery.app).ok().flatten();
    let learned = reader.learned_method(&delivery.app, &delivery.origin).ok().flatten();
    Some(Find::Parcel(owner, Box::new(Parcel { delivery, fence, event, app, learned })))
}
