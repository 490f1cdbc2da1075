//! Forget cards whose declines no longer count.

use rand_core::Rng;
use std::convert::Infallible;

use super::Decide;
use crate::card::CardFingerprint;
use crate::changes::Changes;
use crate::limits::CARD_DECLINES_WINDOW_SECS;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Forget these cards, those of them whose declines no longer count.
#[derive(Clone, Debug)]
pub struct ForgetCards {
    /// The cards, as a read found them; a few hundred at a time.
    pub cards: Vec<CardFingerprint>,
}

/// The moment before which a card must have been declined last to be forgotten now.
pub const fn forgotten_before(now: Timestamp) -> Timestamp {
    now.plus_secs(-CARD_DECLINES_WINDOW_SECS)
}

impl Decide for ForgetCards {
    /// How many were forgotten.
    type Answer = usize;
    type Refusal = Infallible;

    fn keys(&self, keys: &mut Keys) {
        keys.card_windows.extend(self.cards.iter().copied());
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(usize, Changes), Infallible> {
        let is_over = |card: &&CardFingerprint| {
            let window = see.card_windows.get(card);
            window.is_some_and(|window| window.newest() < forgotten_before(now))
        };
        let mut changes = Changes::none();
        let over = self.cards.iter().filter(is_over).filter_map(|card| see.card_windows.get(card));
        changes.card_windows_forgotten = over.cloned().collect();
        changes.card_windows_forgotten.sort_by_key(|window| window.card);
        changes.card_windows_forgotten.dedup_by_key(|window| window.card);
        Ok((changes.card_windows_forgotten.len(), changes))
    }
}
