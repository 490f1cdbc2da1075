//! Whose turn it is: merchants take turns, and the receivers of each merchant do among themselves. A
//! merchant who invents a thousand webhooks gets no more turns by it.

use std::collections::BTreeMap;

use qisma_domain::ids::{AppId, MerchantId};
use qisma_store::Receiver;

/// Whose app a receiver belongs to. None: the app cannot be read; all of those share one turn.
pub(super) type Owner = Option<MerchantId>;

/// Who had the last turns.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    /// An app never changes its merchant, so it is read once.
    owners: BTreeMap<AppId, Owner>,
    last_owner: Option<Owner>,
    last_receivers: BTreeMap<Owner, Receiver>,
}

impl Turns {
    /// Brings all receivers for whom something waits into the order of their turns. They come in
    /// their own order.
    pub(super) fn in_order(
        &mut self,
        receivers: &[Receiver],
        read_owner: impl Fn(&AppId) -> Owner,
    ) -> Vec<(Owner, Receiver)> {
        let mut owners = BTreeMap::new();
        let mut of_owners: BTreeMap<Owner, Vec<&Receiver>> = BTreeMap::new();
        for receiver in receivers {
            let app = receiver.0;
            let known = owners.get(&app).or_else(|| self.owners.get(&app)).copied();
            let owner = known.unwrap_or_else(|| read_owner(&app));
            owners.insert(app, owner);
            of_owners.entry(owner).or_default().push(receiver);
        }
        // Whoever waits for nothing is forgotten: what is kept grows with what waits.
        self.owners = owners;
        self.last_receivers.retain(|owner, _| of_owners.contains_key(owner));
        for (owner, own) in &mut of_owners {
            let last = self.last_receivers.get(owner);
            let begin = last.map_or(0, |last| own.partition_point(|receiver| *receiver <= last));
            own.rotate_left(begin);
        }
        let mut lists: Vec<_> = of_owners.into_iter().collect();
        let begin =
            self.last_owner.map_or(0, |last| lists.partition_point(|(owner, _)| *owner <= last));
        lists.rotate_left(begin);
        let rounds = lists.iter().map(|(_, own)| own.len()).max().unwrap_or(0);
        let turn = |round: usize| {
            lists.iter().filter_map(move |(owner, own)| Some((*owner, (*own.get(round)?).clone())))
        };
        (0..rounds).flat_map(turn).collect()
    }

    /// Notes that a receiver has had its turn.
    pub(super) fn served(&mut self, owner: Owner, receiver: &Receiver) {
        self.last_owner = Some(owner);
        self.last_receivers.insert(owner, receiver.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A receiver of the app with this number.
    fn receiver(app: u8, name: &str) -> Receiver {
        (AppId::from_bytes([app; 16]), name.to_owned())
    }

    /// Apps 1 to 9 are of one merchant, the others of another.
    fn owner(app: &AppId) -> Owner {
        let id = if app.as_bytes()[0] < 10 { "1000" } else { "2000" };
        MerchantId::parse(id).ok()
    }

    fn in_order(turns: &mut Turns, receivers: &[Receiver]) -> Vec<u8> {
        let order = turns.in_order(receivers, owner);
        order.iter().map(|(_, (app, _))| app.as_bytes()[0]).collect()
    }

    #[test]
    fn the_receivers_of_two_merchants_alternate_however_many_one_has() {
        let receivers = [1, 2, 3, 10].map(|app| receiver(app, "a"));
        assert_eq!(in_order(&mut Turns::default(), &receivers), [1, 10, 2, 3]);
    }

    #[test]
    fn after_a_turn_the_other_merchant_and_the_next_receiver_come_first() {
        let receivers = [1, 2, 3, 10, 11].map(|app| receiver(app, "a"));
        let mut turns = Turns::default();
        turns.served(owner(&receivers[0].0), &receivers[0]);
        assert_eq!(in_order(&mut turns, &receivers), [10, 2, 11, 3, 1]);
    }

    #[test]
    fn a_merchant_for_whom_nothing_waits_is_forgotten() {
        let mut turns = Turns::default();
        turns.served(owner(&receiver(1, "a").0), &receiver(1, "a"));
        in_order(&mut turns, &[receiver(10, "a")]);
        assert_eq!((turns.owners.len(), turns.last_receivers.len()), (1, 0));
    }
}
