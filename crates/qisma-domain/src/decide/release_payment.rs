//! Let go what is held for a payment: the merchant cancels (T12, T15), or its time is over (T16). The payment
//! has ended with that; the bank's hold is reversed, or the wallet's freed, afterwards.

use rand_core::Rng;

use super::Decide;
use super::capture_payment::remember;
use super::create_payment::IdempotentRequest;
use super::payment_change::{PaymentChange, reversal_is_due};
use crate::attempt::{Attempt, AttemptState, RailAttempt};
use crate::authorization::Step;
use crate::changes::Changes;
use crate::ids::{MerchantId, Mode, PaymentId};
use crate::payment::{Canceler, PaymentState};
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Let go what is held.
#[derive(Clone, Debug)]
pub struct ReleasePayment {
    /// The payment.
    pub payment: PaymentId,
    /// Why.
    pub why: ReleaseWhy,
}

/// Why it is let go.
#[derive(Clone, Debug)]
pub enum ReleaseWhy {
    /// The merchant cancels. A payment that nobody has paid yet can be canceled, too.
    Canceled {
        /// Who asks; a stranger's payment is not found.
        merchant: MerchantId,
        /// In which mode.
        mode: Mode,
        /// What makes a repetition find the first answer.
        idempotent: Option<Box<IdempotentRequest>>,
    },
    /// It was held for as long as it could be.
    Expired,
}

/// It is let go, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseAnswer {
    /// Since when the payment is over.
    pub at: Timestamp,
    /// The id of the request that did it, when this one only repeats it.
    pub replay_of: Option<String>,
}

/// Why nothing is let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseRefusal {
    /// No such payment of this merchant in this mode.
    NotFound,
    /// The key was used for another request.
    KeyReused,
    /// It was captured.
    Captured,
    /// It has ended already.
    Ended,
    /// It is being captured.
    CaptureUnderWay,
    /// Somebody is paying it (T13).
    BeingPaid,
    /// It can still be captured.
    NotDue,
}

impl Decide for ReleasePayment {
    type Answer = ReleaseAnswer;
    type Refusal = ReleaseRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
        if let ReleaseWhy::Canceled { idempotent: Some(request), .. } = &self.why {
            keys.idempotency.insert(request.scope.clone());
        }
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(ReleaseAnswer, Changes), ReleaseRefusal> {
        if let Some(answer) = self.replay(see)? {
            return Ok((answer, Changes::none()));
        }
        let mut change =
            PaymentChange::begin(see, &self.payment, now).map_err(|_| ReleaseRefusal::NotFound)?;
        self.check(&change, now)?;
        let at = change.now;
        if let Some(attempt) = change.before().authorized_attempt().cloned() {
            let_go(&mut change, attempt, now);
        }
        let to = match &self.why {
            ReleaseWhy::Canceled { .. } => PaymentState::Canceled { by: Canceler::Merchant, at },
            ReleaseWhy::Expired => PaymentState::Expired { at },
        };
        change.end_without_attempt(to, rng);
        if let ReleaseWhy::Canceled { idempotent: Some(request), .. } = &self.why {
            remember(&mut change, request, "cancel");
        }
        Ok((ReleaseAnswer { at, replay_of: None }, change.finish()))
    }
}

impl ReleasePayment {
    fn check(&self, change: &PaymentChange<'_>, now: Timestamp) -> Result<(), ReleaseRefusal> {
        let payment = &change.payment;
        let is_canceled = match &self.why {
            ReleaseWhy::Canceled { merchant, mode, .. } => {
                if payment.merchant != *merchant || payment.mode != *mode {
                    return Err(ReleaseRefusal::NotFound);
                }
                true
            }
            ReleaseWhy::Expired => false,
        };
        match payment.state {
            PaymentState::Captured { .. } => Err(ReleaseRefusal::Captured),
            PaymentState::Failed { .. }
            | PaymentState::Expired { .. }
            | PaymentState::Canceled { .. } => Err(ReleaseRefusal::Ended),
            PaymentState::Authorized => {
                let held = payment.authorization.as_ref().ok_or(ReleaseRefusal::NotFound)?;
                if held.step != Step::Held {
                    return Err(ReleaseRefusal::CaptureUnderWay);
                }
                let may_go = is_canceled || held.is_overdue(now);
                if may_go { Ok(()) } else { Err(ReleaseRefusal::NotDue) }
            }
            PaymentState::Created if is_canceled => Ok(()),
            PaymentState::Processing | PaymentState::RequiresAction if is_canceled => {
                Err(ReleaseRefusal::BeingPaid)
            }
            PaymentState::Created | PaymentState::Processing | PaymentState::RequiresAction => {
                Err(ReleaseRefusal::NotDue)
            }
        }
    }

    /// The answer that this key already has, if any.
    fn replay(&self, see: &Snapshot) -> Result<Option<ReleaseAnswer>, ReleaseRefusal> {
        let ReleaseWhy::Canceled { idempotent: Some(request), .. } = &self.why else {
            return Ok(None);
        };
        let Some(row) = see.idempotency.get(&request.scope) else { return Ok(None) };
        if row.fingerprint != request.fingerprint {
            return Err(ReleaseRefusal::KeyReused);
        }
        let seen = see.payments.get(&self.payment).ok_or(ReleaseRefusal::NotFound)?;
        let PaymentState::Canceled { at, .. } = seen.payment.state else {
            return Err(ReleaseRefusal::NotFound);
        };
        Ok(Some(ReleaseAnswer { at, replay_of: Some(row.request_id.clone()) }))
    }
}

/// What holds the money is told to let go: the bank by the worker that reverses what nobody should have
/// paid, the wallet once this is safe, because it may be in another shard (ADR 0018).
fn let_go(change: &mut PaymentChange<'_>, mut attempt: Attempt, now: Timestamp) {
    let Some(mut held) = change.payment.authorization.clone() else { return };
    match attempt.rail {
        RailAttempt::Card(_) => {
            reversal_is_due(&mut attempt, now);
            held.go_to(Step::Ended, None);
        }
        RailAttempt::Wallet(_) => {
            attempt.state = AttemptState::Voided { at: change.now };
            held.go_to(Step::Releasing, Some(now));
        }
    }
    change.put_attempt(attempt);
    change.put_authorization(held);
}
