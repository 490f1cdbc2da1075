//! Money: a whole number of the currency's smallest unit, and every sum checked.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::limits::AMOUNT_MILLIMES_MAX;

/// A currency. One payment, one entry, one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Currency {
    /// The Tunisian dinar: three decimals, so 1 TND is 1000 millimes (ISO 4217).
    #[serde(rename = "TND")]
    Tnd,
}

impl Currency {
    /// The ISO 4217 letters.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Tnd => "TND",
        }
    }

    /// The ISO 4217 number, as acquirers write it.
    pub const fn number(self) -> &'static str {
        match self {
            Self::Tnd => "788",
        }
    }

    /// Reads the ISO 4217 letters.
    pub fn parse(text: &str) -> Option<Self> {
        (text == "TND").then_some(Self::Tnd)
    }
}

/// An amount that somebody pays or receives: 0 to 999,999,999,999 millimes, never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(try_from = "i64", into = "i64")]
pub struct Amount {
    // Invariant: 0 <= millimes <= AMOUNT_MILLIMES_MAX.
    millimes: i64,
}

/// An amount below zero or above [`AMOUNT_MILLIMES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is 0 to 999999999999 millimes")]
pub struct AmountOutOfRange;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self { millimes: 0 };

    /// An amount in millimes.
    pub const fn from_millimes(millimes: i64) -> Result<Self, AmountOutOfRange> {
        if 0 <= millimes && millimes <= AMOUNT_MILLIMES_MAX {
            Ok(Self { millimes })
        } else {
            Err(AmountOutOfRange)
        }
    }

    /// The amount in millimes.
    pub const fn millimes(self) -> i64 {
        self.millimes
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.millimes == 0
    }

    /// The sum, or nothing when it leaves the range.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.millimes.checked_add(other.millimes) {
            Some(sum) if sum <= AMOUNT_MILLIMES_MAX => Some(Self { millimes: sum }),
            _ => None,
        }
    }

    /// What is left, or nothing when `other` is larger.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        if other.millimes <= self.millimes {
            Some(Self { millimes: self.millimes - other.millimes })
        } else {
            None
        }
    }

    /// The sum of many, or nothing when it leaves the range.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

impl TryFrom<i64> for Amount {
    type Error = AmountOutOfRange;

    fn try_from(millimes: i64) -> Result<Self, AmountOutOfRange> {
        Self::from_millimes(millimes)
    }
}

impl From<Amount> for i64 {
    fn from(amount: Amount) -> Self {
        amount.millimes
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} millimes", self.millimes)
    }
}

/// Writes millimes as dinars with three decimals: `12.500`.
pub fn dinars(millimes: i64) -> String {
    let sign = if millimes < 0 { "-" } else { "" };
    let size = millimes.unsigned_abs();
    format!("{sign}{}.{:03}", size / 1000, size % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_never_leaves_its_range() {
        assert_eq!(Amount::from_millimes(-1), Err(AmountOutOfRange));
        assert_eq!(Amount::from_millimes(1_000_000_000_000), Err(AmountOutOfRange));
        let most = Amount::from_millimes(AMOUNT_MILLIMES_MAX).unwrap();
        assert_eq!(most.checked_add(Amount::from_millimes(1).unwrap()), None);
        assert_eq!(Amount::ZERO.checked_sub(Amount::from_millimes(1).unwrap()), None);
    }

    #[test]
    fn millimes_are_written_as_dinars() {
        assert_eq!(dinars(12_500), "12.500");
        assert_eq!(dinars(-7), "-0.007");
    }
}
