//! The invariants: what they are called, and the statements that look for what breaks them.

use super::statements as sql;
use super::statements::{held, money, refunds};

/// What must hold of the books, whatever happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Every entry balances.
    I1,
    /// All accounts together stand at zero after every entry.
    I2,
    /// Stored balances are the sums of their folded postings, and what is held that of open holds.
    I3,
    /// No account that may not fall below zero ever did.
    I4,
    /// A payment's history is only added to.
    I5,
    /// Nothing is booked twice.
    I6,
    /// The parts of a payment are the whole.
    I7,
    /// What a payment is called is what was booked.
    I8,
    /// Every end is told, once.
    I9,
    /// One effect for each idempotency key.
    I10,
    /// Nobody gives back more than they had.
    I11,
    /// One mode and one currency in an entry.
    I13,
    /// What is owed and what is owned are the same.
    I14,
    /// What acquirers owe is what payers paid there. Here: in our own books.
    I15,
    /// A fee is what its plan says.
    I17,
    /// What is settled is no longer pending.
    I18,
}

impl Invariant {
    /// All of them, in order.
    pub const ALL: [Self; 16] = [
        Self::I1,
        Self::I2,
        Self::I3,
        Self::I4,
        Self::I5,
        Self::I6,
        Self::I7,
        Self::I8,
        Self::I9,
        Self::I10,
        Self::I11,
        Self::I13,
        Self::I14,
        Self::I15,
        Self::I17,
        Self::I18,
    ];

    /// `I1`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::I1 => "I1",
            Self::I2 => "I2",
            Self::I3 => "I3",
            Self::I4 => "I4",
            Self::I5 => "I5",
            Self::I6 => "I6",
            Self::I7 => "I7",
            Self::I8 => "I8",
            Self::I9 => "I9",
            Self::I10 => "I10",
            Self::I11 => "I11",
            Self::I13 => "I13",
            Self::I14 => "I14",
            Self::I15 => "I15",
            Self::I17 => "I17",
            Self::I18 => "I18",
        }
    }

    /// What it says, in one sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::I1 => "every journal entry has two lines or more and sums to zero",
            Self::I2 => "all accounts together stand at zero after every entry",
            Self::I3 => {
                "every stored balance is the sum of its folded postings, and what is held that of its holds"
            }
            Self::I4 => "no account that may not fall below zero ever did",
            Self::I5 => "the history of every payment is only added to",
            Self::I6 => "nothing is booked twice",
            Self::I7 => {
                "the legs of every payment are its amount, and what was booked to them its capture"
            }
            Self::I8 => {
                "every payment that is captured was booked, and no other; what is held is held"
            }
            Self::I9 => "the end of every payment is told by one event, and delivered",
            Self::I10 => "every idempotency key has one effect, and names it",
            Self::I13 => "no entry mixes test and live money, or currencies",
            Self::I11 => "no leg gives back more than it got, and every refund is booked",
            Self::I14 => {
                "stored balances sum to zero, and what refunds have taken is paid out or waits"
            }
            Self::I15 => "what acquirers owe is what payers paid there, order by order",
            Self::I17 => "every fee and its tax are what the payment's plan makes of its amount",
            Self::I18 => "what is settled is no longer pending, and nothing else is settled",
        }
    }

    /// What counts the rows that it speaks of.
    pub(super) const fn counts(self) -> &'static [&'static str] {
        match self {
            Self::I1 | Self::I2 | Self::I6 | Self::I13 => &[sql::COUNT_ENTRIES],
            Self::I3 | Self::I4 | Self::I14 => &[sql::COUNT_ACCOUNTS],
            Self::I5 => &[sql::COUNT_EVENTS, sql::COUNT_ENTRIES],
            Self::I7 | Self::I8 | Self::I17 | Self::I18 => &[sql::COUNT_PAYMENTS],
            Self::I9 => &[sql::COUNT_PAYMENTS, sql::COUNT_EVENTS],
            Self::I10 => &[sql::COUNT_KEYS],
            Self::I11 => &[refunds::COUNT_REFUNDS],
            Self::I15 => &[sql::COUNT_ORDERS],
        }
    }

    /// What finds the rows that break it.
    pub(super) const fn searches(self) -> &'static [&'static str] {
        match self {
            Self::I1 => &[sql::ENTRIES_UNBALANCED, sql::POSTINGS_WITHOUT_ENTRY],
            Self::I2 | Self::I4 => &[],
            Self::I3 => &[
                sql::BALANCES_OFF,
                sql::UNFOLDED_NOT_POSTED,
                sql::LINES_WITHOUT_HOLD,
                sql::HOLDS_OFF,
            ],
            Self::I5 => &[sql::EVENTS_OUT_OF_ORDER, sql::ENTRIES_OUT_OF_TIME],
            Self::I6 => &[sql::ENTRIES_TWICE, sql::CAPTURES_TWICE],
            Self::I7 => &[
                sql::LEGS_NOT_THE_AMOUNT,
                held::SHARES_NOT_THE_CAPTURE,
                held::SHARES_ABOVE_THEIR_LEGS,
            ],
            Self::I8 => &[
                sql::CAPTURED_NOT_BOOKED,
                sql::BOOKED_NOT_CAPTURED,
                sql::CAPTURED_WITHOUT_APPROVAL,
                sql::APPROVED_NOT_BOOKED,
                sql::UNWANTED_AND_KEPT,
                sql::GIVEN_BACK_NOT_TAKEN,
                held::HELD_AND_BOOKED,
                held::HELD_WITHOUT_APPROVAL,
                held::HELD_FOR_NOTHING,
                held::WALLET_NOT_HELD,
                held::HELD_AND_FORGOTTEN,
            ],
            Self::I9 => {
                &[sql::EVENTS_NOT_THE_STATE, sql::EVENTS_OF_NOTHING, sql::DELIVERIES_NOT_THE_EVENTS]
            }
            Self::I10 => &[sql::PAYMENTS_OF_TWO_KEYS, sql::REFUNDS_OF_TWO_KEYS],
            Self::I11 => &[
                refunds::REFUND_PARTS_NOT_THE_AMOUNT,
                refunds::LEGS_REFUNDED_TOO_MUCH,
                refunds::REFUNDED_TOO_MUCH,
                refunds::REFUNDS_NOT_BOOKED,
                refunds::ENTRIES_OF_NO_REFUND,
                refunds::REFUND_LINES_OFF,
                refunds::REFUNDS_STUCK,
            ],
            Self::I13 => &[sql::ENTRIES_ACROSS_MODES, sql::ENTRIES_OF_ANOTHER_MODE],
            Self::I14 => &[refunds::STORED_BALANCES_NOT_ZERO, refunds::REFUND_CLEARING_OFF],
            Self::I15 => &[sql::CLEARING_OFF],
            Self::I17 => &[money::FEES_WITHOUT_PLAN],
            Self::I18 => {
                &[money::PENDING_OFF, money::SETTLED_TOO_SOON, money::SETTLEMENT_NOT_THE_RAIL]
            }
        }
    }
}
