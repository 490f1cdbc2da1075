//! What the acquirer says of an order, and whether that is the order we think it is.

use super::card::CardDetails;

/// An order as the acquirer has it. Amounts are millimes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFacts {
    /// The acquirer's id, where the answer carries it.
    pub order_id: Option<String>,
    /// Our reference.
    pub order_number: String,
    /// What was registered.
    pub amount_millimes: i64,
    /// ISO 4217 number, as text.
    pub currency: String,
    /// Where the order stands.
    pub state: OrderState,
    /// What was taken from the payer.
    pub deposited_millimes: i64,
    /// What went back.
    pub refunded_millimes: i64,
    /// Whether the acquirer said that, or it is what the status suggests.
    pub refunded_is_told: bool,
    /// The card, where one was used.
    pub card: Option<CardDetails>,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Not paid; the page may be open.
    Registered,
    /// Held on the card, not taken.
    PreAuthorized,
    /// Paid, perhaps partly refunded since.
    Deposited,
    /// The hold was released or the payment voided.
    Reversed,
    /// All of it went back.
    Refunded,
    /// The payer is at the issuer's 3-D Secure page, or left it.
    AcsStarted,
    /// Ended without money: refused, timed out or cancelled.
    Declined {
        /// The family's `actionCode`, where given.
        action_code: Option<i64>,
        /// Nobody paid in time (-2007).
        timed_out: bool,
        /// The payer cancelled (10).
        canceled: bool,
    },
    /// The acquirer is still working on it.
    Pending,
    /// Completed in part only, on newer builds.
    Partial,
}

const ACTION_TIMED_OUT: i64 = -2007;
const ACTION_CANCELED: i64 = 10;

impl OrderState {
    /// A declined order with this action code.
    pub fn declined(action_code: Option<i64>) -> Self {
        Self::Declined {
            action_code,
            timed_out: action_code == Some(ACTION_TIMED_OUT),
            canceled: action_code == Some(ACTION_CANCELED),
        }
    }

    /// Whether nothing more will happen to the order without us.
    pub fn is_final(self) -> bool {
        match self {
            Self::Deposited | Self::Reversed | Self::Refunded | Self::Declined { .. } => true,
            Self::Registered
            | Self::PreAuthorized
            | Self::AcsStarted
            | Self::Pending
            | Self::Partial => false,
        }
    }
}

/// Why a payment was declined, in the words a payer can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclineClass {
    /// Not enough money.
    InsufficientFunds,
    /// A limit of amount or frequency was reached.
    Limit,
    /// Wrong number, expiry date or security code.
    InvalidCard,
    /// The card is past its date.
    Expired,
    /// 3-D Secure or the PIN failed.
    Authentication,
    /// The payer cancelled.
    CanceledByPayer,
    /// The payer did not finish in time.
    TimedOut,
    /// Any other action code; 0 where none was given.
    Other(i64),
}

impl DeclineClass {
    /// The class of an action code: the host's ISO 8583 codes (1993) and the gateway's own below
    /// zero. An unknown code is a decline too.
    pub fn of(action_code: Option<i64>) -> Self {
        match action_code.unwrap_or(0) {
            116 => Self::InsufficientFunds,
            121 | 123 | -2002 => Self::Limit,
            111 | 118 | 125 | 71_015 => Self::InvalidCard,
            101 => Self::Expired,
            117 | -2006 | -2019..=-2010 => Self::Authentication,
            ACTION_CANCELED => Self::CanceledByPayer,
            ACTION_TIMED_OUT => Self::TimedOut,
            other => Self::Other(other),
        }
    }
}

/// What we know of the attempt that an answer is about.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedFacts<'a> {
    /// The reference we registered.
    pub order_number: &'a str,
    /// The acquirer's id, if its answer to `register.do` reached us.
    pub order_id: Option<&'a str>,
    /// The amount we registered.
    pub amount_millimes: i64,
    /// The currency we registered.
    pub currency: &'a str,
}

/// A fact that is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactMismatch {
    /// Another reference.
    #[error("the order number is another one")]
    OrderNumber,
    /// Another order of the acquirer.
    #[error("the acquirer's order id is another one")]
    OrderId,
    /// Another amount.
    #[error("the amount is another one")]
    Amount,
    /// Another currency.
    #[error("the currency is another one")]
    Currency,
    /// Paid, but not the registered amount.
    #[error("the amount taken is not the amount registered")]
    Deposited,
}

/// Every way in which an answer is not about the attempt. Only an empty list may be believed: a
/// genuine approval of another order must not pay this one.
pub fn fact_mismatches(expected: &ExpectedFacts<'_>, facts: &OrderFacts) -> Vec<FactMismatch> {
    let other_order_id = match (expected.order_id, facts.order_id.as_deref()) {
        (Some(expected), Some(found)) => expected != found,
        // Either side may not know it; the order number is unique for ever.
        _ => false,
    };
    // Some builds lower the deposited amount with each refund, so it says nothing afterwards.
    let other_deposit = facts.state == OrderState::Deposited
        && facts.refunded_millimes == 0
        && facts.deposited_millimes != expected.amount_millimes;
    [
        (expected.order_number != facts.order_number, FactMismatch::OrderNumber),
        (other_order_id, FactMismatch::OrderId),
        (expected.amount_millimes != facts.amount_millimes, FactMismatch::Amount),
        (expected.currency != facts.currency, FactMismatch::Currency),
        (other_deposit, FactMismatch::Deposited),
    ]
    .into_iter()
    .filter_map(|(is_other, mismatch)| is_other.then_some(mismatch))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: ExpectedFacts<'_> = ExpectedFacts {
        order_number: "pay-1",
        order_id: Some("order-1"),
        amount_millimes: 10_000,
        currency: "788",
    };

    fn paid() -> OrderFacts {
        OrderFacts {
            order_id: Some("order-1".into()),
            order_number: "pay-1".into(),
            amount_millimes: 10_000,
            currency: "788".into(),
            state: OrderState::Deposited,
            deposited_millimes: 10_000,
            refunded_millimes: 0,
            refunded_is_told: true,
            card: None,
        }
    }

    #[test]
    fn the_right_facts_have_no_mismatch() {
        assert_eq!(fact_mismatches(&EXPECTED, &paid()), []);
    }

    #[test]
    fn an_answer_without_the_acquirers_id_is_still_about_the_order() {
        assert_eq!(fact_mismatches(&EXPECTED, &OrderFacts { order_id: None, ..paid() }), []);
    }

    #[test]
    fn each_wrong_fact_is_named() {
        for (facts, mismatch) in [
            (OrderFacts { order_number: "pay-2".into(), ..paid() }, FactMismatch::OrderNumber),
            (OrderFacts { order_id: Some("x".into()), ..paid() }, FactMismatch::OrderId),
            (OrderFacts { amount_millimes: 1, ..paid() }, FactMismatch::Amount),
            (OrderFacts { currency: "978".into(), ..paid() }, FactMismatch::Currency),
            (OrderFacts { deposited_millimes: 9_999, ..paid() }, FactMismatch::Deposited),
        ] {
            assert_eq!(fact_mismatches(&EXPECTED, &facts), [mismatch]);
        }
    }

    #[test]
    fn action_codes_have_their_classes() {
        for (code, class) in [
            (Some(116), DeclineClass::InsufficientFunds),
            (Some(121), DeclineClass::Limit),
            (Some(125), DeclineClass::InvalidCard),
            (Some(101), DeclineClass::Expired),
            (Some(-2006), DeclineClass::Authentication),
            (Some(-2016), DeclineClass::Authentication),
            (Some(10), DeclineClass::CanceledByPayer),
            (Some(-2007), DeclineClass::TimedOut),
            (Some(-2000), DeclineClass::Other(-2000)),
            (None, DeclineClass::Other(0)),
        ] {
            assert_eq!(DeclineClass::of(code), class, "{code:?}");
        }
    }
}
