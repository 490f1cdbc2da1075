//! Resolve a refund that waits for an operator: one whose end the acquirer never told, or whose sums are
//! not ours. The operator has asked the acquirer by other means, and says what became of it.

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentChange;
use super::record_refund::{call_up_next, fail, succeed};
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::limits::RESOLVED_CODE;
use crate::refund::Refund;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Resolve a refund.
#[derive(Clone, Copy, Debug)]
pub struct ResolveRefund {
    /// The payment.
    pub payment: PaymentId,
    /// The refund's number.
    pub number: u16,
    /// Whether the payer has the money.
    pub is_paid: bool,
}

/// Why it was not resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveRefundRefusal {
    /// No such refund.
    #[error("there is no such refund; `qisma refund list` shows them with their numbers")]
    NotFound,
    /// The acquirer may still say, or has said.
    #[error("this refund does not wait for an operator; `qisma refund list` shows which do")]
    NotUnresolved,
}

impl Decide for ResolveRefund {
    type Answer = Refund;
    type Refusal = ResolveRefundRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
        keys.refunds.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(Refund, Changes), ResolveRefundRefusal> {
        let mut change = PaymentChange::begin(see, &self.payment, now)
            .map_err(|_| ResolveRefundRefusal::NotFound)?;
        let refund = change.before().refund(self.number).ok_or(ResolveRefundRefusal::NotFound)?;
        if refund.state.asked_at().is_none() || !refund.needs_operator {
            return Err(ResolveRefundRefusal::NotUnresolved);
        }
        let (refund, paid_by) = (refund.clone(), change.before().captured_attempt());
        let card = paid_by.and_then(|attempt| attempt.card());
        let acquirer = card.ok_or(ResolveRefundRefusal::NotUnresolved)?.acquirer;
        if self.is_paid {
            succeed(&mut change, refund, acquirer, rng);
        } else {
            fail(&mut change, refund, RESOLVED_CODE, rng);
        }
        call_up_next(&mut change, now);
        let after = change.refunds().iter().find(|refund| refund.number == self.number);
        let after = after.expect("it was put a few lines above").clone();
        Ok((after, change.finish()))
    }
}
