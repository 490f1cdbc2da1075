//! Record what became of a capture at the acquirer. The same news twice changes nothing.

use rand_core::Rng;

use super::Decide;
use super::capture_payment::CaptureStanding;
use super::payment_change::{PaymentChange, PaymentNotFound};
use crate::authorization::Step;
use crate::changes::Changes;
use crate::event::EventKind;
use crate::ids::PaymentId;
use crate::payment::PaymentState;
use crate::postings::Source;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// What the acquirer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureReport {
    /// It took the money.
    Done,
    /// It refuses, and took nothing.
    Refused {
        /// Why, in its number.
        code: i64,
    },
    /// It did not answer, or not in a way that can be understood.
    NoAnswer,
    /// It still holds all of it.
    NotDone,
    /// It took another sum than ours.
    SumsDiffer,
}

/// Record what became of a capture.
#[derive(Clone, Copy, Debug)]
pub struct RecordCapture {
    /// The payment.
    pub payment: PaymentId,
    /// What the acquirer says.
    pub report: CaptureReport,
    /// To which asking it says so; none: to a look of ours. A refusal of an earlier asking says nothing
    /// of a later one.
    pub sent_at: Option<Timestamp>,
}

impl Decide for RecordCapture {
    /// Where the capture stands now.
    type Answer = CaptureStanding;
    type Refusal = PaymentNotFound;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(CaptureStanding, Changes), PaymentNotFound> {
        let mut change = PaymentChange::begin(see, &self.payment, now)?;
        let mut held = change.payment.authorization.clone().ok_or(PaymentNotFound)?;
        let attempt = change.before().authorized_attempt().ok_or(PaymentNotFound)?.clone();
        let acquirer = attempt.card().ok_or(PaymentNotFound)?.acquirer;
        let is_authorized = change.payment.state == PaymentState::Authorized;
        let sent = held.step.asked_at().zip(held.step.capturing()).filter(|_| is_authorized);
        // One that was never sent has nothing to be told of, and the end stays what it is.
        let Some((sent_at, amount)) = sent else {
            return Ok((CaptureStanding::of(&change.payment), Changes::none()));
        };
        let is_of_another = self.sent_at.is_some_and(|of| of != sent_at);
        match self.report {
            CaptureReport::Refused { .. } if is_of_another => {
                return Ok((CaptureStanding::of(&change.payment), Changes::none()));
            }
            CaptureReport::Done => {
                change.capture(&attempt, Source::Card(acquirer), amount, rng);
            }
            CaptureReport::Refused { code } => {
                // Its time may be over meanwhile; then the next look lets it go.
                held.go_to(Step::Held, Some(held.expires_at));
                held.refused_code = Some(code);
                change.put_authorization(held);
                change.emit(EventKind::CaptureRefused, rng);
            }
            CaptureReport::NoAnswer | CaptureReport::NotDone | CaptureReport::SumsDiffer => {
                held.step = Step::CaptureUnknown { amount, sent_at };
                held.plan_next_look(now);
                held.needs_operator |= self.report == CaptureReport::SumsDiffer;
                change.put_authorization(held);
            }
        }
        Ok((CaptureStanding::of(&change.payment), change.finish()))
    }
}
