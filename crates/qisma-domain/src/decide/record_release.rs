//! Record that what a wallet held for a payment is free again.

use rand_core::Rng;

use super::Decide;
use super::payment_change::{PaymentChange, PaymentNotFound};
use crate::authorization::Step;
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Record that a payment's hold is free again.
#[derive(Clone, Copy, Debug)]
pub struct RecordRelease {
    /// The payment.
    pub payment: PaymentId,
}

impl Decide for RecordRelease {
    type Answer = ();
    type Refusal = PaymentNotFound;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<((), Changes), PaymentNotFound> {
        let mut change = PaymentChange::begin(see, &self.payment, now)?;
        let mut held = change.payment.authorization.clone().ok_or(PaymentNotFound)?;
        if held.step != Step::Releasing {
            return Ok(((), Changes::none()));
        }
        held.go_to(Step::Ended, None);
        change.put_authorization(held);
        Ok(((), change.finish()))
    }
}
