//! Leave an attempt: the payer goes back or changes way, or the bank could not open its page (T4b).

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentChange;
use crate::attempt::{AbandonReason, AttemptState, RailAttempt};
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::limits;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Leave an attempt. Of a card attempt the caller must just have read that it is unpaid: what the
/// bank may have taken is not for the payer to leave.
#[derive(Clone, Debug)]
pub struct AbandonAttempt {
    /// The payment.
    pub payment: PaymentId,
    /// The attempt to leave.
    pub attempt: u16,
    /// Why.
    pub reason: AbandonReason,
}

/// The attempt is not open any more, or never was; or its page, said not to be opened, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOpen;

impl Decide for AbandonAttempt {
    type Answer = ();
    type Refusal = NotOpen;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<((), Changes), NotOpen> {
        let mut change = PaymentChange::begin(see, &self.payment, now).map_err(|_| NotOpen)?;
        let open = change.before().open_attempt().filter(|open| open.number == self.attempt);
        let mut attempt = open.ok_or(NotOpen)?.clone();
        let has_page = attempt.card().is_some_and(|card| card.opened.is_some());
        if has_page && self.reason == AbandonReason::NotOpened {
            return Err(NotOpen);
        }
        attempt.state = AttemptState::Abandoned { reason: self.reason };
        let at = change.now;
        if let RailAttempt::Card(card) = &mut attempt.rail {
            // The order can still be paid by whoever has its page.
            card.next_look_at = Some(at.plus_secs(limits::INQUIRY_STEP_SECS));
        }
        change.put_attempt(attempt);
        change.end_live_challenge();
        change.after_abandon(rng);
        Ok(((), change.finish()))
    }
}
