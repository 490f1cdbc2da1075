//! Cancel a payment that nobody has paid: the payer calls it off (T12b).

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentChange;
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::payment::{Canceler, PaymentState};
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Cancel a payment.
#[derive(Clone, Debug)]
pub struct CancelPayment {
    /// The payment.
    pub payment: PaymentId,
    /// By whom.
    pub by: Canceler,
    /// The open card attempt that was just read to be unpaid, if there was one.
    pub unpaid_attempt: Option<u16>,
}

/// Why it was not canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelRefusal {
    /// No such payment.
    NotFound,
    /// It has ended already, or its money is held.
    Ended,
    /// A card attempt is open and may have been paid: the bank has to be read first.
    CardOpen {
        /// The attempt's number.
        attempt: u16,
    },
}

impl Decide for CancelPayment {
    type Answer = ();
    type Refusal = CancelRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<((), Changes), CancelRefusal> {
        let mut change =
            PaymentChange::begin(see, &self.payment, now).map_err(|_| CancelRefusal::NotFound)?;
        if !change.payment.state.awaits_payer() {
            return Err(CancelRefusal::Ended);
        }
        let open_card = change.before().open_attempt().filter(|open| open.card().is_some());
        if let Some(open) = open_card.filter(|open| Some(open.number) != self.unpaid_attempt) {
            return Err(CancelRefusal::CardOpen { attempt: open.number });
        }
        let at = change.now;
        change.end(PaymentState::Canceled { by: self.by, at }, rng);
        Ok(((), change.finish()))
    }
}
