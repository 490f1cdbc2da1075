//! Authorisations: money that a payer has agreed to give, held at the bank or in the wallet until the
//! merchant takes it or lets it go (ADR 0024).
//!
//! ```text
//! held -> capture_pending -> capture_sent    card: the bank is about to be asked, and is asked
//!         capture_sent -> capture_unknown    it did not answer: it is asked what it knows
//!         any of the three -> held           it refuses, for certain: nothing was taken
//! held -> releasing -> ended                 wallet: let go, and then free again
//! any  -> ended                              taken, or (card) given to the attempt to be reversed
//! ```
//!
//! Nothing is booked while money is held. What is taken is booked when that is certain.

use serde::{Deserialize, Serialize};

use crate::limits;
use crate::money::Amount;
use crate::refund::look_step_secs;
use crate::time::Timestamp;

/// How far taking the money, or letting it go, has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The merchant may take it or let it go.
    Held,
    /// The merchant takes so much of it; the bank was not asked yet.
    CapturePending {
        /// How much.
        amount: Amount,
    },
    /// The bank is being asked for so much of it.
    CaptureSent {
        /// How much.
        amount: Amount,
        /// Since when.
        sent_at: Timestamp,
    },
    /// The bank did not say whether it took it.
    CaptureUnknown {
        /// How much.
        amount: Amount,
        /// When it was last asked to.
        sent_at: Timestamp,
    },
    /// Let go; the wallet's hold is about to be freed.
    Releasing,
    /// Over: the payment has ended, and nothing is left to do here.
    Ended,
}

impl Step {
    /// The word that is stored and shown.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::CapturePending { .. } => "capture_pending",
            Self::CaptureSent { .. } => "capture_sent",
            Self::CaptureUnknown { .. } => "capture_unknown",
            Self::Releasing => "releasing",
            Self::Ended => "ended",
        }
    }

    /// How much of it is being taken, if that is under way.
    pub const fn capturing(&self) -> Option<Amount> {
        match self {
            Self::CapturePending { amount }
            | Self::CaptureSent { amount, .. }
            | Self::CaptureUnknown { amount, .. } => Some(*amount),
            Self::Held | Self::Releasing | Self::Ended => None,
        }
    }

    /// When the bank was last asked to take it, if what it did is not known.
    pub const fn asked_at(&self) -> Option<Timestamp> {
        match self {
            Self::CaptureSent { sent_at, .. } | Self::CaptureUnknown { sent_at, .. } => {
                Some(*sent_at)
            }
            Self::Held | Self::CapturePending { .. } | Self::Releasing | Self::Ended => None,
        }
    }
}

/// Money that is held for a payment, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// The attempt whose approval it is.
    pub attempt: u16,
    /// When it was approved.
    pub at: Timestamp,
    /// From when on it can no longer be taken: it can iff now < `expires_at`.
    pub expires_at: Timestamp,
    /// How far it has come.
    #[serde(flatten)]
    pub step: Step,
    /// When to look after it again; nothing once it is over.
    pub next_look_at: Option<Timestamp>,
    /// Looks at a capture so far that found nothing final.
    pub looks: u16,
    /// Whether an operator has to decide: the schedule is over, or the bank's sum is not ours.
    pub needs_operator: bool,
    /// Why the bank last refused to take the money, in its number.
    pub refused_code: Option<i64>,
}

impl Authorization {
    /// Money that was approved a moment ago, held for so long.
    pub const fn begin(attempt: u16, at: Timestamp, hold_secs: i64) -> Self {
        let expires_at = at.plus_secs(hold_secs);
        Self {
            attempt,
            at,
            expires_at,
            step: Step::Held,
            next_look_at: Some(expires_at),
            looks: 0,
            needs_operator: false,
            refused_code: None,
        }
    }

    /// Whether its time is over and nobody is taking it.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.step == Step::Held && self.expires_at <= now
    }

    /// Plans the next look after one that found nothing final, as for a refund.
    pub fn plan_next_look(&mut self, now: Timestamp) {
        let step = look_step_secs(self.looks);
        self.looks = self.looks.saturating_add(1);
        self.next_look_at = step.map(|step| now.plus_secs(step));
        self.needs_operator |= step.is_none();
    }

    /// Whether the bank may be asked once more to take the money, after it said that it did not: a
    /// request that is still on its way must not meet its own repetition.
    pub fn may_be_sent_again(&self, now: Timestamp) -> bool {
        let rested = |at: Timestamp| at.plus_secs(limits::REFUND_RESEND_SECS) <= now;
        self.step.asked_at().is_some_and(rested)
    }

    /// Goes on to another step, to be looked after then.
    pub const fn go_to(&mut self, step: Step, next_look_at: Option<Timestamp>) {
        self.step = step;
        self.next_look_at = next_look_at;
        self.looks = 0;
        self.needs_operator = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Authorization {
        Authorization::begin(1, Timestamp::from_secs(100), 50)
    }

    #[test]
    fn money_can_be_taken_until_but_not_at_its_deadline() {
        assert!(!held().is_overdue(Timestamp::from_secs(149)));
        assert!(held().is_overdue(Timestamp::from_secs(150)));
    }

    #[test]
    fn a_capture_under_way_is_not_overdue() {
        let mut authorization = held();
        authorization.step = Step::CapturePending { amount: Amount::ZERO };
        assert!(!authorization.is_overdue(Timestamp::from_secs(1_000)));
    }

    #[test]
    fn it_is_read_as_it_was_stored() {
        let sent_at = Timestamp::from_secs(7);
        for step in [Step::Held, Step::CaptureUnknown { amount: Amount::ZERO, sent_at }] {
            let stored = serde_json::to_string(&Authorization { step, ..held() }).unwrap();
            let read: Authorization = serde_json::from_str(&stored).unwrap();
            assert_eq!(read, Authorization { step, ..held() });
        }
    }
}
