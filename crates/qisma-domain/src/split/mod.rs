//! How a payment is divided among merchants: what a request may ask, and the legs it becomes.
//!
//! Nothing is ever silently given to another party: a wrong split is refused with every mistake in
//! it, and only what nobody asked for goes to the merchant that made the payment.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::allocation::largest_remainder;
use crate::ids::MerchantId;
use crate::limits::DESTINATIONS_MAX;
use crate::money::Amount;

/// A share in parts per million: 1 % is 10 000 ppm. Above 0 and at most 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ppm(u32);

impl Ppm {
    /// 100 %.
    pub const WHOLE: Self = Self(1_000_000);

    /// A share of `ppm` parts per million; nothing when it is 0 or above 100 %.
    pub const fn from_number(ppm: u32) -> Option<Self> {
        if 1 <= ppm && ppm <= Self::WHOLE.0 { Some(Self(ppm)) } else { None }
    }

    /// The parts per million.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// What a request asks for one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// So many millimes.
    Fixed(Amount),
    /// A part of the payment's whole amount.
    Percent(Ppm),
    /// Whatever the other legs leave; at most one leg may ask for it.
    Remainder,
}

/// One line of the split that a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegRequest {
    /// Who receives.
    pub destination: MerchantId,
    /// How much.
    pub share: Share,
}

/// How a leg came to its amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegKind {
    /// The request named the amount, or a percentage that became it.
    Fixed,
    /// What the other legs left.
    Remainder,
}

impl LegKind {
    /// `fixed` or `remainder`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Remainder => "remainder",
        }
    }

    /// Reads `fixed` or `remainder`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "fixed" => Some(Self::Fixed),
            "remainder" => Some(Self::Remainder),
            _ => None,
        }
    }
}

/// One merchant's part of a payment, frozen when the payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Its place in the split, counted from 1. It is what names a leg: the merchant that calls may
    /// own two, the one it asked for and the rest.
    pub number: u16,
    /// Who receives.
    pub destination: MerchantId,
    /// How much. Zero only for a percentage, or an asked-for remainder, that comes to nothing.
    #[serde(rename = "amount_millimes")]
    pub amount: Amount,
    /// How it came to that.
    pub kind: LegKind,
    /// What it got of a capture that was not of the whole payment; none: all of it, once there was one.
    #[serde(rename = "captured_millimes", default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<Amount>,
}

impl Leg {
    /// What it gets, or got, of the payment.
    pub fn share(&self) -> Amount {
        self.captured.unwrap_or(self.amount)
    }
}

/// A mistake in a split. Legs are named by their index in the request, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// There is nothing to divide.
    #[error("the payment's amount must be at least 1 millime")]
    TotalZero,
    /// More destinations than a payment may have.
    #[error("{count} destinations are too many; at most {DESTINATIONS_MAX} are allowed")]
    TooManyLegs {
        /// How many were asked for.
        count: usize,
    },
    /// A leg of nothing.
    #[error("the amount of each destination must be at least 1 millime")]
    AmountZero {
        /// Which leg.
        leg: usize,
    },
    /// A destination that an earlier leg already names.
    #[error("destination {destination} is listed twice; add its amounts up in one entry")]
    DestinationTwice {
        /// The later leg.
        leg: usize,
        /// The leg that named it first.
        first_leg: usize,
        /// Who is named twice.
        destination: MerchantId,
    },
    /// A second leg asks for the rest.
    #[error("only one destination can receive the remainder")]
    MultipleRemainders {
        /// The later leg.
        leg: usize,
        /// The leg that asked first.
        first_leg: usize,
    },
    /// The named amounts are more than the payment.
    #[error(
        "the destinations ask for {legs_millimes} millimes but the payment's amount is \
         {total_millimes}; lower them"
    )]
    ExceedsTotal {
        /// The sum of the named amounts.
        legs_millimes: i128,
        /// The payment's amount.
        total_millimes: i64,
    },
    /// The percentages are more than the whole.
    #[error("the percentages add up to {ppm} ppm; at most 1000000 (100 %) are allowed")]
    PercentOver100 {
        /// Their sum in parts per million.
        ppm: u64,
    },
    /// Amounts and percentages are each possible, but not together.
    #[error(
        "fixed amounts and percentages together exceed the payment by {missing_millimes} \
         millimes; lower them"
    )]
    NegativeRemainder {
        /// By how much.
        missing_millimes: i64,
    },
}

impl SplitError {
    /// The index of the leg with the mistake; nothing when the split as a whole is wrong.
    pub const fn leg(&self) -> Option<usize> {
        match *self {
            Self::AmountZero { leg }
            | Self::DestinationTwice { leg, .. }
            | Self::MultipleRemainders { leg, .. } => Some(leg),
            Self::TotalZero
            | Self::TooManyLegs { .. }
            | Self::ExceedsTotal { .. }
            | Self::PercentOver100 { .. }
            | Self::NegativeRemainder { .. } => None,
        }
    }
}

/// The legs of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    // Invariant: not empty, numbered from 1, and the amounts add up to the payment's.
    legs: Vec<Leg>,
}

impl Split {
    /// Turns what was asked into legs that add up to `total`, in the order of the request. What is
    /// left goes to `caller` as a last leg, when it is more than nothing; without requests the
    /// caller receives everything.
    ///
    /// On refusal, all mistakes are listed. A list longer than allowed is not searched past the
    /// limit, so that the answer stays short.
    pub fn resolve(
        total: Amount,
        caller: MerchantId,
        requests: &[LegRequest],
    ) -> Result<Self, Vec<SplitError>> {
        let mut mistakes = mistakes_of_legs(requests);
        mistakes.extend(mistakes_of_sums(total, requests));
        if !mistakes.is_empty() {
            return Err(mistakes);
        }

        let amounts = asked_amounts(total, requests);
        let asked: i64 = amounts.iter().flatten().map(|amount| amount.millimes()).sum();
        let rest = Amount::from_millimes(total.millimes() - asked).map_err(|_| {
            vec![SplitError::NegativeRemainder { missing_millimes: asked - total.millimes() }]
        })?;

        let mut legs = Vec::with_capacity(requests.len() + 1);
        let mut push = |destination, amount, kind| {
            let number = u16::try_from(legs.len() + 1).expect("the number of legs is limited");
            legs.push(Leg { number, destination, amount, kind, captured: None });
        };
        for (request, amount) in requests.iter().zip(&amounts) {
            let kind = if amount.is_some() { LegKind::Fixed } else { LegKind::Remainder };
            push(request.destination, amount.unwrap_or(rest), kind);
        }
        if amounts.iter().all(Option::is_some) && !rest.is_zero() {
            push(caller, rest, LegKind::Remainder);
        }

        let sum = Amount::checked_sum(legs.iter().map(|leg| leg.amount));
        assert_eq!(sum, Some(total), "the legs of a payment add up to it");
        Ok(Self { legs })
    }

    /// The legs in order.
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// The legs in order.
    pub fn into_legs(self) -> Vec<Leg> {
        self.legs
    }
}

fn mistakes_of_legs(requests: &[LegRequest]) -> Vec<SplitError> {
    let mut mistakes = Vec::new();
    if requests.len() > DESTINATIONS_MAX {
        mistakes.push(SplitError::TooManyLegs { count: requests.len() });
    }
    let mut seen = BTreeMap::new();
    let mut first_remainder = None;
    for (leg, request) in requests.iter().enumerate().take(DESTINATIONS_MAX) {
        if request.share == Share::Fixed(Amount::ZERO) {
            mistakes.push(SplitError::AmountZero { leg });
        }
        let destination = request.destination;
        let first_leg = *seen.entry(destination).or_insert(leg);
        if first_leg != leg {
            mistakes.push(SplitError::DestinationTwice { leg, first_leg, destination });
        }
        if request.share == Share::Remainder {
            match first_remainder {
                None => first_remainder = Some(leg),
                Some(first_leg) => {
                    mistakes.push(SplitError::MultipleRemainders { leg, first_leg });
                }
            }
        }
    }
    mistakes
}

fn mistakes_of_sums(total: Amount, requests: &[LegRequest]) -> Vec<SplitError> {
    let (mut fixed, mut ppm) = (0_i128, 0_u64);
    for request in requests {
        match request.share {
            Share::Fixed(amount) => fixed += i128::from(amount.millimes()),
            Share::Percent(share) => ppm += u64::from(share.number()),
            Share::Remainder => {}
        }
    }
    let mut mistakes = Vec::new();
    if total.is_zero() {
        mistakes.push(SplitError::TotalZero);
    }
    if i128::from(total.millimes()) < fixed {
        let total_millimes = total.millimes();
        mistakes.push(SplitError::ExceedsTotal { legs_millimes: fixed, total_millimes });
    }
    if u64::from(Ppm::WHOLE.number()) < ppm {
        mistakes.push(SplitError::PercentOver100 { ppm });
    }
    mistakes
}

/// What each leg asks for; `None` for the leg that takes the rest.
///
/// An asked-for remainder absorbs what rounding does to the others, so each percentage is simply
/// rounded half up. Without one, the percentages and the caller's own share are divided together by
/// largest remainder: then percentages of 100 % add up to the payment exactly.
fn asked_amounts(total: Amount, requests: &[LegRequest]) -> Vec<Option<Amount>> {
    let whole = i64::from(Ppm::WHOLE.number());
    let ppm_of = |request: &LegRequest| match request.share {
        Share::Percent(ppm) => i64::from(ppm.number()),
        Share::Fixed(_) | Share::Remainder => 0,
    };
    let mut weights: Vec<i64> = requests.iter().map(ppm_of).collect();
    let percentages = if requests.iter().any(|request| request.share == Share::Remainder) {
        weights.into_iter().map(|ppm| half_up(total, ppm)).collect()
    } else {
        weights.push(whole - weights.iter().sum::<i64>());
        largest_remainder(total, &weights).expect("the weights add up to 100 %, none is negative")
    };
    let asked = requests.iter().zip(percentages).map(|(request, percentage)| match request.share {
        Share::Fixed(amount) => Some(amount),
        Share::Percent(_) => Some(percentage),
        Share::Remainder => None,
    });
    asked.collect()
}

fn half_up(total: Amount, ppm: i64) -> Amount {
    let whole = i64::from(Ppm::WHOLE.number());
    // 40 bits times 20 bits fits.
    let millimes = (total.millimes() * ppm + whole / 2) / whole;
    Amount::from_millimes(millimes).expect("a percentage up to 100 is between 0 and the whole")
}

#[cfg(test)]
mod tests;
