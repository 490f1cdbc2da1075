//! Since when a payer's cards are saved, which acquirers do not tell: each was saved by a payment.

use std::collections::BTreeMap;

use qisma_domain::binding::{BindingId, ClientRef};
use qisma_domain::time::Timestamp;

use crate::error::ReadError;
use crate::reader::Reader;
use crate::rows;
use crate::session::Value::{Number, Text};
use crate::session::statement;

/// The oldest payments of one payer that are looked through. Only those with a typed card count, and
/// whoever has saved cards types few.
const PAYMENTS_MAX: i64 = 500;

impl Reader<'_> {
    /// When each of a payer's cards was saved: by the first payment that it paid.
    pub fn cards_saved_at(
        &self,
        client: &ClientRef,
    ) -> Result<BTreeMap<BindingId, Timestamp>, ReadError> {
        let values = [Text(client.as_str()), Number(PAYMENTS_MAX)];
        let sql = statement!(LIST_CARDS_OF_CLIENT);
        let found = self.session.list(sql, &values, rows::saved_card_from)?;
        let mut saved = BTreeMap::new();
        for (binding, paid_at) in found.into_iter().flatten() {
            saved.entry(binding).or_insert(paid_at);
        }
        Ok(saved)
    }
}
