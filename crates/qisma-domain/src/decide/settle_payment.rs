//! Settle a payment by card: the acquirer's money for it is here, so what is pending of its shares is
//! available (ADR 0022).

use rand_core::Rng;
use std::collections::{BTreeMap, BTreeSet};

use super::Decide;
use super::payment_change::PaymentChange;
use crate::account::{Account, AccountKind};
use crate::changes::Changes;
use crate::ids::{MerchantId, Mode, PaymentId};
use crate::journal::EntryKind;
use crate::money::Currency;
use crate::payment::Settlement;
use crate::postings::of_settlement;
use crate::refund::left_of_share;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Settle a payment.
#[derive(Clone, Debug)]
pub struct SettlePayment {
    /// The payment.
    pub payment: PaymentId,
    /// Its mode.
    pub mode: Mode,
    /// The merchants of its legs: known since the payment was made.
    pub destinations: BTreeSet<MerchantId>,
    /// Those of them whose share was parked when it was captured: that stays where it is.
    pub parked: BTreeSet<MerchantId>,
}

/// Why nothing was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettleRefusal {
    /// No such payment, or it has nothing to settle: also when that was done before.
    #[error("nothing is to be settled")]
    NothingToSettle,
    /// Its time has not come.
    #[error("it is not time to settle it")]
    NotDue,
    /// Its capture is not in the balances yet.
    #[error("its shares are not in the balances yet")]
    NotFolded,
}

impl Decide for SettlePayment {
    type Answer = ();
    type Refusal = SettleRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
        keys.refunds.insert(self.payment);
        keys.balances.extend(self.destinations.iter().map(|id| self.pending_of(*id).id()));
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<((), Changes), SettleRefusal> {
        let change = PaymentChange::begin(see, &self.payment, now);
        let mut change = change.map_err(|_| SettleRefusal::NothingToSettle)?;
        let settlement = change.payment.settlement.filter(|settlement| !settlement.is_booked);
        let settlement = settlement.ok_or(SettleRefusal::NothingToSettle)?;
        if now < settlement.at {
            return Err(SettleRefusal::NotDue);
        }
        let pending = self.still_pending(&change);
        let is_there = |(merchant, millimes): (&MerchantId, &i64)| {
            let balance = see.balances.get(&self.pending_of(*merchant).id()).copied();
            *millimes <= balance.unwrap_or_default().available_millimes()
        };
        if !pending.iter().all(is_there) {
            return Err(SettleRefusal::NotFolded);
        }
        if let Some(postings) = of_settlement(&change.payment, &pending) {
            change.post(EntryKind::Settlement, self.payment.to_string(), postings, rng);
        }
        change.payment.settlement = Some(Settlement { is_booked: true, ..settlement });
        change.touch();
        Ok(((), change.finish()))
    }
}

impl SettlePayment {
    fn pending_of(&self, merchant: MerchantId) -> Account {
        Account::merchant(merchant, AccountKind::Pending, self.mode, Currency::Tnd)
    }

    /// What each merchant still has pending of this payment: its shares less what refunds have taken.
    fn still_pending(&self, change: &PaymentChange<'_>) -> BTreeMap<MerchantId, i64> {
        let payment = &change.payment;
        let mut pending = BTreeMap::new();
        for (leg, net) in payment.legs.iter().zip(payment.net_legs()) {
            if self.parked.contains(&leg.destination) {
                continue;
            }
            let left = left_of_share(leg.number, net, AccountKind::Pending, change.refunds());
            *pending.entry(leg.destination).or_default() += left.millimes();
        }
        pending
    }
}
