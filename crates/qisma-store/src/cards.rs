//! What is remembered of declined cards: for pages, for whoever is told of a payment, and for the worker
//! that forgets them.

use qisma_domain::card::{CardFingerprint, CardWindow};
use qisma_domain::time::Timestamp;

use crate::error::ReadError;
use crate::leases::Shards;
use crate::reader::Reader;
use crate::session::Value::{self, Number};
use crate::session::statement;
use crate::{find, rows};

impl Reader<'_> {
    /// How often a card was declined lately; nothing once that no longer counts.
    pub fn card_window(&self, card: CardFingerprint) -> Result<Option<CardWindow>, ReadError> {
        find::card_window(self.session, card)
    }

    /// Cards in these shards that were declined last before this moment, oldest first.
    pub fn cards_to_forget(
        &self,
        owned: &Shards,
        before: Timestamp,
        count_max: i64,
    ) -> Result<Vec<CardFingerprint>, ReadError> {
        if owned.are_none() {
            return Ok(vec![]);
        }
        let shards = Value::Shards(owned.numbers());
        let values = [Number(before.micros()), Number(count_max), shards];
        self.session.list(statement!(LIST_CARDS_TO_FORGET), &values, rows::card_from)
    }
}
