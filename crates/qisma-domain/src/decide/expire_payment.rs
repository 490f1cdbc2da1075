//! Expire a payment whose time is over (T11).

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentChange;
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::payment::PaymentState;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Expire a payment.
#[derive(Clone, Debug)]
pub struct ExpirePayment {
    /// The payment.
    pub payment: PaymentId,
}

/// Why it was not expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpireRefusal {
    /// No such payment.
    NotFound,
    /// It can still be paid.
    NotDue,
    /// It has ended already, or its money is held.
    Ended,
    /// A card attempt is open: the bank decides (T11b).
    CardOpen,
}

impl Decide for ExpirePayment {
    type Answer = ();
    type Refusal = ExpireRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<((), Changes), ExpireRefusal> {
        let mut change =
            PaymentChange::begin(see, &self.payment, now).map_err(|_| ExpireRefusal::NotFound)?;
        if !change.payment.state.awaits_payer() {
            return Err(ExpireRefusal::Ended);
        }
        if change.payment.is_payable(now) {
            return Err(ExpireRefusal::NotDue);
        }
        if change.before().open_attempt().is_some_and(|open| open.card().is_some()) {
            return Err(ExpireRefusal::CardOpen);
        }
        let at = change.now;
        change.end(PaymentState::Expired { at }, rng);
        Ok(((), change.finish()))
    }
}
