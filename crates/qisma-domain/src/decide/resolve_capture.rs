//! Resolve a capture that waits for an operator: one whose end the acquirer never told, or whose sum is not
//! ours. The operator has asked the acquirer by other means, and says what became of it.

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentChange;
use crate::authorization::Step;
use crate::changes::Changes;
use crate::event::EventKind;
use crate::ids::PaymentId;
use crate::limits::RESOLVED_CODE;
use crate::payment::PaymentState;
use crate::postings::Source;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Resolve a capture.
#[derive(Clone, Copy, Debug)]
pub struct ResolveCapture {
    /// The payment.
    pub payment: PaymentId,
    /// Whether the acquirer took what it was asked for; else it took nothing.
    pub is_captured: bool,
}

/// Why it was not resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveCaptureRefusal {
    /// No such payment.
    #[error("there is no such payment; `qisma payment list` shows the newest")]
    NotFound,
    /// The acquirer may still say, or has said.
    #[error(
        "no capture of this payment waits for an operator; `qisma payment show` says how it stands \
         (authorization.needs_operator)"
    )]
    NotUnresolved,
}

impl Decide for ResolveCapture {
    type Answer = ();
    type Refusal = ResolveCaptureRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<((), Changes), ResolveCaptureRefusal> {
        let mut change = PaymentChange::begin(see, &self.payment, now)
            .map_err(|_| ResolveCaptureRefusal::NotFound)?;
        let is_authorized = change.payment.state == PaymentState::Authorized;
        let held = change.payment.authorization.clone();
        let held = held.filter(|held| is_authorized && held.needs_operator);
        let mut held = held.ok_or(ResolveCaptureRefusal::NotUnresolved)?;
        let asked = held.step.asked_at().and(held.step.capturing());
        let amount = asked.ok_or(ResolveCaptureRefusal::NotUnresolved)?;
        let attempt = change.before().authorized_attempt().cloned();
        let attempt = attempt.ok_or(ResolveCaptureRefusal::NotUnresolved)?;
        let card = attempt.card().ok_or(ResolveCaptureRefusal::NotUnresolved)?;
        if self.is_captured {
            let source = Source::Card(card.acquirer);
            change.capture(&attempt, source, amount, rng);
        } else {
            // Its time may be over meanwhile; then the next look lets it go.
            held.go_to(Step::Held, Some(held.expires_at));
            held.refused_code = Some(RESOLVED_CODE);
            change.put_authorization(held);
            change.emit(EventKind::CaptureRefused, rng);
        }
        Ok(((), change.finish()))
    }
}
