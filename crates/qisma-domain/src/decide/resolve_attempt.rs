//! Resolve an attempt that waits for an operator: one that the bank never explained is closed with
//! its payment, a way back that did not succeed is tried again, and other news is taken note of.

use rand_core::Rng;

use super::Decide;
use super::payment_change::{PaymentChange, reversal_is_due_again};
use crate::attempt::{AttemptState, DeclineClass, Reversal};
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::payment::{FailureReason, PaymentState};
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Resolve an attempt. Should the bank ever report a closed one paid, the money goes back.
#[derive(Clone, Debug)]
pub struct ResolveAttempt {
    /// The payment.
    pub payment: PaymentId,
    /// Its attempt.
    pub attempt: u16,
    /// Whether to close it though the bank is still being asked.
    pub force: bool,
}

/// Why it was not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveRefusal {
    /// No such attempt.
    #[error("there is no such attempt; `qisma attempt list --unresolved` shows those that wait")]
    NotFound,
    /// The bank has taken the money: that is not for an operator to undo here.
    #[error("this attempt was approved by the bank; it cannot be closed as unpaid")]
    Approved,
    /// Nothing waits for an operator.
    #[error("nothing is unresolved about this attempt")]
    NotUnresolved,
    /// The bank may still say.
    #[error(
        "the bank is still being asked about this attempt, and its payer may be paying; wait, ask \
         now with --inquire, or close it all the same with --close --force"
    )]
    StillAsked,
}

impl Decide for ResolveAttempt {
    type Answer = ();
    type Refusal = ResolveRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<((), Changes), ResolveRefusal> {
        let mut change =
            PaymentChange::begin(see, &self.payment, now).map_err(|_| ResolveRefusal::NotFound)?;
        let mut attempt =
            change.before().attempt(self.attempt).ok_or(ResolveRefusal::NotFound)?.clone();
        let was_open = attempt.state.is_open();
        let is_approved =
            matches!(attempt.state, AttemptState::Approved { .. } | AttemptState::Voided { .. });
        let card = attempt.card_mut().ok_or(ResolveRefusal::NotUnresolved)?;
        if !was_open && !card.needs_operator {
            let refusal =
                if is_approved { ResolveRefusal::Approved } else { ResolveRefusal::NotUnresolved };
            return Err(refusal);
        }
        if !self.force && !card.needs_operator && card.next_look_at.is_some() {
            return Err(ResolveRefusal::StillAsked);
        }
        card.needs_operator = false;
        if matches!(card.reversal, Reversal::Due | Reversal::RefundDue) {
            reversal_is_due_again(card, change.now);
        }
        // The next look stays: an order that the payer can still pay is read until it is final.
        if was_open {
            attempt.state = AttemptState::Declined { class: DeclineClass::Other, code: 0 };
        }
        change.put_attempt(attempt);
        if was_open {
            let at = change.now;
            let reason = FailureReason::Unresolved;
            change.end_without_attempt(PaymentState::Failed { reason, at }, rng);
        }
        Ok(((), change.finish()))
    }
}
