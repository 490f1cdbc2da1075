//! Attempts: one try to pay, by card or by wallet.
//!
//! At most one attempt of a payment is open at a time, whoever pays: it is the payment's lock.
//! A card attempt's order stays payable at the bank until the bank says otherwise, so every order
//! that was ever registered is looked at again until the bank is final, whatever became of the
//! attempt or the payment (ADR 0013).

use serde::{Deserialize, Serialize};

use crate::account::Acquirer;
use crate::binding::SavedCard;
use crate::card::CardFingerprint;
use crate::ids::{PaymentId, WalletId};
use crate::limits;
use crate::phone::Phone;
use crate::time::Timestamp;

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AttemptState {
    /// Begun. Card: the bank may not know of it yet. Wallet: waits for its code.
    Init,
    /// Card: the payer is at the bank's page.
    Sent,
    /// Card: the bank did not answer, so only the bank can say.
    Unknown,
    /// The rail took the money, or holds it where that was asked for.
    Approved {
        /// When we learned it.
        at: Timestamp,
    },
    /// The rail refused.
    Declined {
        /// Why, in our words.
        class: DeclineClass,
        /// Why, as the acquirer numbers it; 0 for a wallet.
        code: i64,
    },
    /// The payer left it, or it could not be opened. A card order may still be paid.
    Abandoned {
        /// Why.
        reason: AbandonReason,
    },
    /// Approved, and given back: nobody should have paid, or what was held was let go.
    Voided {
        /// When.
        at: Timestamp,
    },
}

impl AttemptState {
    /// The word that is stored and shown.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Approved { .. } => "approved",
            Self::Declined { .. } => "declined",
            Self::Abandoned { .. } => "abandoned",
            Self::Voided { .. } => "voided",
        }
    }

    /// Whether it holds the payment's lock.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Init | Self::Sent | Self::Unknown)
    }
}

/// Why a rail refused, in the few words a payer can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineClass {
    /// Not enough money.
    InsufficientFunds,
    /// Over a limit of the card.
    Limit,
    /// Not a card that can pay.
    InvalidCard,
    /// The card's time is over, or its expiry was typed wrong.
    Expired,
    /// The payer was not recognised: 3-D Secure, or the code from the phone.
    Authentication,
    /// The payer called it off at the bank.
    CanceledByPayer,
    /// The bank's session ran out.
    TimedOut,
    /// Anything else.
    Other,
}

impl DeclineClass {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::Limit => "limit",
            Self::InvalidCard => "invalid_card",
            Self::Expired => "expired",
            Self::Authentication => "authentication",
            Self::CanceledByPayer => "canceled_by_payer",
            Self::TimedOut => "timed_out",
            Self::Other => "other",
        }
    }
}

/// Why an attempt was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbandonReason {
    /// The payer chose another way.
    PayerLeft,
    /// The bank could not be reached, or refused to open a page.
    NotOpened,
    /// The payment ended without it.
    PaymentEnded,
    /// The bank refused to charge the saved card, and has not taken anything.
    ChargeRefused,
}

/// How far giving back an unwanted approval, or what was held, has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reversal {
    /// Nothing to give back.
    NotDue,
    /// To be reversed (`reverse.do`).
    Due,
    /// The acquirer refused to reverse: to be refunded (`refund.do`).
    RefundDue,
    /// Given back.
    Done,
}

/// What an acquirer tells of the card that paid. Never a whole number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardDetails {
    /// First six, two stars, last four.
    pub masked_pan: String,
    /// `YYYYMM`.
    pub expiration: String,
    /// The name on the card.
    pub cardholder_name: String,
    /// `VISA`, `MASTERCARD`, ...
    pub payment_system: String,
    /// The issuer's approval code.
    pub approval_code: String,
    /// The issuer's country.
    pub bank_country_code: String,
    /// What stands for the card at the acquirer, where it is saved there; else empty.
    pub binding_id: String,
}

/// The bank's page of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The acquirer's own id of the order.
    pub order_id: String,
    /// Where the payer types the card.
    pub page_url: String,
}

/// What a card attempt knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardAttempt {
    /// Who acquires it.
    pub acquirer: Acquirer,
    /// Our reference at the acquirer: unique for ever, at most 32 characters.
    pub order_number: String,
    /// The bank's page, once it is known.
    pub opened: Option<Opened>,
    /// When the bank's session ends.
    pub session_ends_at: Timestamp,
    /// When to look at the bank again; nothing once the bank is final.
    pub next_look_at: Option<Timestamp>,
    /// Looks so far that found nothing final.
    pub looks: u16,
    /// Those of them that came after the session's grace.
    pub late_looks: u16,
    /// Whether an operator has to decide: the schedule is over, or the facts did not match.
    pub needs_operator: bool,
    /// The card that paid.
    pub card: Option<Box<CardDetails>>,
    /// The card that was declined, as far as limits know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined_card: Option<Box<CardFingerprint>>,
    /// Giving back, where nobody should have paid.
    pub reversal: Reversal,
    /// The saved card that is charged, where none is typed.
    pub saved: Option<Box<SavedCard>>,
}

/// What a wallet attempt knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletAttempt {
    /// The phone that was typed.
    pub phone: Phone,
    /// Its wallet, if it has one. The page does not tell.
    pub wallet: Option<WalletId>,
    /// Codes sent for this attempt.
    pub sends: i64,
}

/// The rail of an attempt, and what is known on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rail", rename_all = "snake_case")]
pub enum RailAttempt {
    /// By card, at an acquirer.
    Card(CardAttempt),
    /// By wallet, here.
    Wallet(WalletAttempt),
}

/// One try to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The payment it tries to pay.
    pub payment: PaymentId,
    /// Its number within the payment, from 1.
    pub number: u16,
    /// Its rail.
    pub rail: RailAttempt,
    /// Where it stands.
    pub state: AttemptState,
    /// When it began.
    pub started_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Raised by one with each change.
    pub version: i64,
}

impl Attempt {
    /// `card` or `wallet`.
    pub const fn rail_str(&self) -> &'static str {
        match self.rail {
            RailAttempt::Card(_) => "card",
            RailAttempt::Wallet(_) => "wallet",
        }
    }

    /// The card side of it, if it is one.
    pub const fn card(&self) -> Option<&CardAttempt> {
        match &self.rail {
            RailAttempt::Card(card) => Some(card),
            RailAttempt::Wallet(_) => None,
        }
    }

    /// The card side of it, to change.
    pub const fn card_mut(&mut self) -> Option<&mut CardAttempt> {
        match &mut self.rail {
            RailAttempt::Card(card) => Some(card),
            RailAttempt::Wallet(_) => None,
        }
    }

    /// The wallet side of it, if it is one.
    pub const fn wallet(&self) -> Option<&WalletAttempt> {
        match &self.rail {
            RailAttempt::Wallet(wallet) => Some(wallet),
            RailAttempt::Card(_) => None,
        }
    }

    /// Notes that something about it changed.
    pub fn touch(&mut self, now: Timestamp) {
        self.updated_at = now.max(self.updated_at);
        self.version += 1;
    }
}

impl CardAttempt {
    /// An attempt that has just begun. If we die before the bank answers, the look after that long
    /// finds out what the bank knows.
    pub fn begin(
        acquirer: Acquirer,
        order_number: String,
        until: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            acquirer,
            order_number,
            opened: None,
            session_ends_at: until,
            next_look_at: Some(now.plus_secs(limits::INQUIRY_STEP_SECS)),
            looks: 0,
            late_looks: 0,
            needs_operator: false,
            card: None,
            declined_card: None,
            reversal: Reversal::NotDue,
            saved: None,
        }
    }

    /// Whether the payer may be sent to the bank. For a saved card only once the bank asks for its
    /// holder: before that it may be charging the card this very moment.
    pub fn is_for_the_payer(&self) -> bool {
        self.saved.as_ref().is_none_or(|saved| saved.step.is_some())
    }

    /// The order number of an attempt: the payment's id and the attempt's number. A new attempt is
    /// a new order: acquirers refuse a number twice (BPC manual: `register.do`).
    pub fn order_number_of(payment: &PaymentId, number: u16) -> String {
        format!("{payment}-{number}")
    }

    /// Plans the next look after one that found nothing final.
    ///
    /// A bank that did not answer is asked again after 5 s and 30 s; then, and while the payer is at
    /// the bank's page, every 60 s until ten minutes after the session's end; then after 1 h, 6 h
    /// and 24 h; then an operator is asked. A look before its time spends none of those three.
    pub fn plan_next_look(&mut self, unanswered: bool, now: Timestamp) {
        let looks = usize::from(self.looks);
        self.looks = self.looks.saturating_add(1);
        if now < self.session_ends_at.plus_secs(limits::INQUIRY_GRACE_SECS) {
            let early = limits::INQUIRY_UNKNOWN_STEPS_SECS.get(looks).copied();
            let step = early.filter(|_| unanswered).unwrap_or(limits::INQUIRY_STEP_SECS);
            self.next_look_at = Some(now.plus_secs(step));
            return;
        }
        // In whole seconds: a payment's moments may be some microseconds ahead of the clock.
        if self.next_look_at.is_some_and(|planned| now.secs() < planned.secs()) {
            return;
        }
        let step = limits::INQUIRY_LATE_STEPS_SECS.get(usize::from(self.late_looks)).copied();
        self.late_looks = self.late_looks.saturating_add(1);
        self.next_look_at = step.map(|step| now.plus_secs(step));
        self.needs_operator |= step.is_none();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(session_ends_at: Timestamp) -> CardAttempt {
        let begun = Timestamp::from_secs(0);
        let card = CardAttempt::begin(Acquirer::Sandbox, "x-1".into(), session_ends_at, begun);
        CardAttempt { next_look_at: None, ..card }
    }

    #[test]
    fn an_unanswered_order_is_looked_at_after_5_s_then_30_s_then_every_minute() {
        let mut now = Timestamp::from_secs(0);
        let mut card = card(Timestamp::from_secs(1_200));
        let mut steps = vec![];
        for _ in 0..4 {
            card.plan_next_look(true, now);
            let next = card.next_look_at.unwrap();
            steps.push(next.secs() - now.secs());
            now = next;
        }
        assert_eq!(steps, [5, 30, 60, 60]);
    }

    #[test]
    fn past_the_grace_come_three_late_looks_and_then_an_operator() {
        let end = Timestamp::from_secs(1_200);
        let mut now = end.plus_secs(limits::INQUIRY_GRACE_SECS);
        let mut card = card(end);
        for step in limits::INQUIRY_LATE_STEPS_SECS {
            card.plan_next_look(false, now);
            assert_eq!(card.next_look_at, Some(now.plus_secs(step)));
            now = now.plus_secs(step);
        }
        card.plan_next_look(false, now);
        assert_eq!((card.next_look_at, card.needs_operator), (None, true));
    }

    #[test]
    fn past_the_grace_a_look_before_its_time_leaves_the_plan_as_it_is() {
        let now = Timestamp::from_secs(1_200).plus_secs(limits::INQUIRY_GRACE_SECS);
        let mut card = card(Timestamp::from_secs(1_200));
        card.plan_next_look(false, now);
        let planned = card.next_look_at;
        card.plan_next_look(false, now.plus_secs(1));
        assert_eq!((card.next_look_at, card.late_looks), (planned, 1));
    }

    #[test]
    fn an_order_number_fits_the_acquirer() {
        let number = CardAttempt::order_number_of(&PaymentId::from_bytes([255; 16]), 20);
        assert!(number.len() <= 32);
    }
}
