//! Refunds: money of a captured payment on its way back to the payer, by the rail that it came by.
//!
//! ```text
//! pending -> sent             the acquirer is about to be asked
//! sent    -> unknown          it did not answer: it is asked what it knows, and nothing is repeated blindly
//! pending, sent, unknown -> succeeded | failed, and no way back
//! ```
//!
//! What a refund takes from the merchants is booked when it is made. Only then is anybody asked to give
//! money back, so a refund that is under way is never lost and never more than was captured.
//!
//! **Invariant:** of a payment's refunds one at a time is sent or unknown: what the acquirer says it
//! gave back in all then tells whether that one was done.

use serde::{Deserialize, Serialize};

use crate::account::AccountKind;
use crate::ids::{MerchantId, PaymentId, RefundId};
use crate::limits;
use crate::money::Amount;
use crate::payment::Payment;
use crate::time::Timestamp;

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RefundState {
    /// Booked; the acquirer was not asked yet.
    Pending,
    /// The acquirer is being asked.
    Sent {
        /// Since when.
        at: Timestamp,
    },
    /// The acquirer did not say what became of it.
    Unknown {
        /// When it was last asked to give the money back.
        sent_at: Timestamp,
    },
    /// The money is back with the payer.
    Succeeded {
        /// When we learned it.
        at: Timestamp,
    },
    /// The acquirer refuses: the merchants have their shares again.
    Failed {
        /// When we learned it.
        at: Timestamp,
        /// Why, as the acquirer numbers it.
        code: i64,
    },
}

impl RefundState {
    /// The word that is stored and shown.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent { .. } => "sent",
            Self::Unknown { .. } => "unknown",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether nothing can change it any more.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded { .. } | Self::Failed { .. })
    }

    /// When the acquirer was last asked to give the money back, if what it did is not known.
    pub const fn asked_at(&self) -> Option<Timestamp> {
        match self {
            Self::Sent { at } => Some(*at),
            Self::Unknown { sent_at } => Some(*sent_at),
            Self::Pending | Self::Succeeded { .. } | Self::Failed { .. } => None,
        }
    }
}

/// What a refund takes back from one leg, and from which of its merchant's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundPart {
    /// The leg's number.
    pub leg: u16,
    /// Whose leg it is.
    pub destination: MerchantId,
    /// How much; never 0. Invariant: the three below sum to it.
    pub amount: Amount,
    /// The account that the capture credited.
    pub credited_to: AccountKind,
    /// What is taken from there.
    pub from_credited: Amount,
    /// What is taken from the merchant's available money, where that is another account.
    pub from_available: Amount,
    /// What neither had: the merchant owes it to the platform from now on.
    pub from_debt: Amount,
}

/// Money of a captured payment on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its id; also what the acquirer tells a repeated request by.
    pub id: RefundId,
    /// The payment that it gives back.
    pub payment: PaymentId,
    /// Its number within the payment, from 1.
    pub number: u16,
    /// How much.
    pub amount: Amount,
    /// From whom, leg by leg. Invariant: the parts sum to the amount.
    pub parts: Vec<RefundPart>,
    /// Where it stands.
    pub state: RefundState,
    /// When to look after it again; nothing once it is final, or while another one is before it.
    pub next_look_at: Option<Timestamp>,
    /// Looks so far that found nothing final.
    pub looks: u16,
    /// Whether an operator has to decide: the schedule is over, or the acquirer's sums are not ours.
    pub needs_operator: bool,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Raised by one with each change.
    pub version: i64,
}

impl Refund {
    /// Plans the next look after one that found nothing final: after 5 s and 30 s, then every 60 s for
    /// ten minutes, then after 1 h, 6 h and 24 h; then an operator is asked.
    pub fn plan_next_look(&mut self, now: Timestamp) {
        let step = look_step_secs(self.looks);
        self.looks = self.looks.saturating_add(1);
        self.next_look_at = step.map(|step| now.plus_secs(step));
        self.needs_operator |= step.is_none();
    }

    /// Whether the acquirer may be asked once more, after it said that nothing came of the last time: a
    /// request that is still on its way must not meet its own repetition.
    pub fn may_be_sent_again(&self, now: Timestamp) -> bool {
        let rested = |at: Timestamp| at.plus_secs(limits::REFUND_RESEND_SECS) <= now;
        self.state.asked_at().is_some_and(rested)
    }
}

/// How long after so many looks that found nothing final the next one comes; none: an operator is asked.
pub(crate) fn look_step_secs(looks: u16) -> Option<i64> {
    let looks = usize::from(looks);
    if let Some(&early) = limits::INQUIRY_UNKNOWN_STEPS_SECS.get(looks) {
        return Some(early);
    }
    match looks.checked_sub(limits::REFUND_LOOKS_EARLY_MAX) {
        None => Some(limits::INQUIRY_STEP_SECS),
        Some(late) => limits::INQUIRY_LATE_STEPS_SECS.get(late).copied(),
    }
}

/// What has been given back of each leg, or is on its way back, in the order of the legs.
pub fn taken_back(payment: &Payment, refunds: &[Refund]) -> Vec<Amount> {
    let counts = |refund: &&Refund| !matches!(refund.state, RefundState::Failed { .. });
    let of_leg = |number: u16| {
        let parts = refunds.iter().filter(counts).flat_map(|refund| &refund.parts);
        Amount::checked_sum(parts.filter(|part| part.leg == number).map(|part| part.amount))
            .expect("no leg gives back more than it has")
    };
    payment.legs.iter().map(|leg| of_leg(leg.number)).collect()
}

/// What is left of a leg's share in the account that the capture credited, as far as refunds go: what
/// was taken from there before is gone, unless the acquirer refused it.
pub fn left_of_share(
    leg: u16,
    credited: Amount,
    account: AccountKind,
    refunds: &[Refund],
) -> Amount {
    let counts = |refund: &&Refund| !matches!(refund.state, RefundState::Failed { .. });
    let parts = refunds.iter().filter(counts).flat_map(|refund| &refund.parts);
    let own = parts.filter(|part| part.leg == leg && part.credited_to == account);
    let taken = Amount::checked_sum(own.map(|part| part.from_credited));
    let left = taken.and_then(|taken| credited.checked_sub(taken));
    left.expect("no leg gives more from there than it got there")
}

/// What can still be given back of a captured payment.
pub fn refundable(payment: &Payment, refunds: &[Refund]) -> Amount {
    let taken = Amount::checked_sum(taken_back(payment, refunds));
    let taken = taken.expect("no payment gives back more than it has");
    payment.captured().checked_sub(taken).expect("no payment gives back more than it has")
}

/// What is back with the payer for certain.
pub fn given_back(refunds: &[Refund]) -> Amount {
    let done =
        refunds.iter().filter(|refund| matches!(refund.state, RefundState::Succeeded { .. }));
    Amount::checked_sum(done.map(|refund| refund.amount))
        .expect("no payment gives back more than it has")
}

/// The first refund that is not final: no other one may be sent before it is.
pub fn first_open(refunds: &[Refund]) -> Option<&Refund> {
    refunds.iter().filter(|refund| !refund.state.is_final()).min_by_key(|refund| refund.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refund() -> Refund {
        Refund {
            id: RefundId::from_bytes([1; 16]),
            payment: PaymentId::from_bytes([1; 16]),
            number: 1,
            amount: Amount::ZERO,
            parts: vec![],
            state: RefundState::Unknown { sent_at: Timestamp::from_secs(0) },
            next_look_at: None,
            looks: 0,
            needs_operator: false,
            asked_at: Timestamp::from_secs(0),
            updated_at: Timestamp::from_secs(0),
            version: 1,
        }
    }

    #[test]
    fn looks_come_soon_then_every_minute_then_late_and_then_an_operator() {
        let (mut refund, mut now) = (refund(), Timestamp::from_secs(0));
        let mut steps = vec![];
        while !refund.needs_operator {
            refund.plan_next_look(now);
            let next = refund.next_look_at.unwrap_or(now);
            steps.push(next.secs() - now.secs());
            now = next;
        }
        let mut wanted = vec![5, 30];
        wanted.extend([60; 10]);
        wanted.extend([3_600, 21_600, 86_400, 0]);
        assert_eq!(steps, wanted);
    }

    #[test]
    fn what_was_asked_for_a_moment_ago_is_not_asked_for_again() {
        let refund = refund();
        assert!(!refund.may_be_sent_again(Timestamp::from_secs(299)));
        assert!(refund.may_be_sent_again(Timestamp::from_secs(300)));
    }
}
