//! Resolve an attempt that the bank never explained: an operator closes its payment.

use rand_core::Rng;

use super::Decide;
use super::payment_change::{PaymentChange, bank_is_final};
use crate::attempt::{AttemptState, DeclineClass};
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::payment::{FailureReason, PaymentState};
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Close an attempt as unresolved. Should the bank ever report it paid, the money goes back.
#[derive(Clone, Debug)]
pub struct ResolveAttempt {
    /// The payment.
    pub payment: PaymentId,
    /// Its attempt.
    pub attempt: u16,
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
        if matches!(attempt.state, AttemptState::Approved { .. } | AttemptState::Voided { .. }) {
            return Err(ResolveRefusal::Approved);
        }
        let was_open = attempt.state.is_open();
        let waits =
            attempt.card().is_some_and(|card| card.next_look_at.is_some() || card.needs_operator);
        if !waits && !was_open {
            return Err(ResolveRefusal::NotUnresolved);
        }
        if was_open {
            attempt.state = AttemptState::Declined { class: DeclineClass::Other, code: 0 };
        }
        bank_is_final(&mut attempt);
        change.put_attempt(attempt);
        if was_open {
            let reason = FailureReason::Unresolved;
            let at = change.now;
            change.become_state(PaymentState::Failed { reason, at });
            change.emit(crate::event::EventKind::PaymentFailed, rng);
        }
        Ok(((), change.finish()))
    }
}
