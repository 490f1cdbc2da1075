//! Payments whose money is here and that nobody has settled yet, and merchants that owe something, for the
//! workers that see to it.

use qisma_domain::account::{Account, AccountKind, Owner};
use qisma_domain::ids::{MerchantId, Mode, PaymentId};
use qisma_domain::money::Currency;
use qisma_domain::time::Timestamp;
use std::collections::BTreeSet;

use crate::error::ReadError;
use crate::leases::Shards;
use crate::reader::Reader;
use crate::session::Value::{self, Number};
use crate::session::statement;
use crate::{find, rows};

type Read<T> = Result<T, ReadError>;

/// A payment that is to be settled, and whom it concerns.
#[derive(Clone, Debug)]
pub struct ToSettle {
    /// The payment.
    pub payment: PaymentId,
    /// Its mode.
    pub mode: Mode,
    /// The merchants of its legs.
    pub destinations: BTreeSet<MerchantId>,
    /// Those of them whose share was parked when it was captured.
    pub parked: BTreeSet<MerchantId>,
}

impl Reader<'_> {
    /// Payments in these shards that are due to be settled, the longest due first.
    pub fn payments_to_settle(
        &self,
        owned: &Shards,
        now: Timestamp,
        count_max: i64,
    ) -> Read<Vec<PaymentId>> {
        if owned.are_none() {
            return Ok(vec![]);
        }
        let values = [Number(now.micros()), Number(count_max), Value::Shards(owned.numbers())];
        self.session.list(statement!(LIST_PAYMENTS_TO_SETTLE), &values, |row| {
            Ok(PaymentId::from_bytes(row.get(0)?))
        })
    }

    /// When the next payment in these shards is to be settled.
    pub fn next_settlement(&self, owned: &Shards) -> Read<Option<Timestamp>> {
        self.next(statement!(NEXT_SETTLEMENT), owned)
    }

    /// Merchants in these shards that owe something and have something available, or that have paid too
    /// much.
    pub fn debts_to_recover(&self, owned: &Shards) -> Read<Vec<(MerchantId, Mode)>> {
        if owned.are_none() {
            return Ok(vec![]);
        }
        let values = [Value::Shards(owned.numbers())];
        let debts = self.session.list(statement!(LIST_DEBTS), &values, |row| {
            let (debtor, mode): (String, String) = (row.get(0)?, row.get(1)?);
            match (Owner::parse(&debtor), Mode::parse(&mode)) {
                (Some(Owner::Merchant(merchant)), Some(mode)) => Ok((merchant, mode)),
                _ => Err(ReadError::Corrupt("account".into())),
            }
        })?;
        let mut recoverable = vec![];
        for (merchant, mode) in debts {
            let of = |kind| self.balance(&Account::merchant(merchant, kind, mode, Currency::Tnd));
            let (has, owes) = (of(AccountKind::Available)?, of(AccountKind::Debt)?);
            if 0 < has.available_millimes() || 0 < owes.posted_millimes {
                recoverable.push((merchant, mode));
            }
        }
        Ok(recoverable)
    }

    /// Whom the settlement of a payment concerns.
    pub fn to_settle(&self, id: &PaymentId) -> Read<Option<ToSettle>> {
        let key = find::key(id);
        let found = self.session.find(statement!(FIND_PAYMENT), &key, rows::payment_from)?;
        let Some(payment) = found else { return Ok(None) };
        let legs = self.session.list(statement!(LIST_LEGS), &key, rows::leg_from)?;
        let destinations: BTreeSet<_> = legs.iter().map(|leg| leg.destination).collect();
        let moved = self.accounts_of_payment(id)?;
        let is_parked = |merchant: &&MerchantId| {
            let (mode, currency) = (payment.mode, payment.currency);
            let parked = Account::merchant(**merchant, AccountKind::Parked, mode, currency);
            moved.contains(&parked.id())
        };
        let parked = destinations.iter().filter(is_parked).copied().collect();
        Ok(Some(ToSettle { payment: payment.id, mode: payment.mode, destinations, parked }))
    }
}
