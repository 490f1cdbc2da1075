//! Fees: what the gateway takes of a captured payment, and which of its legs bear it.
//!
//! A plan belongs to the merchant that asks for payments, and is frozen on each of them when it is made.
//! What it comes to is never stored: everybody computes it from the frozen plan and the captured amount,
//! so the books can be checked against it.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::allocation::largest_remainder;
use crate::ids::MerchantId;
use crate::money::Amount;
use crate::split::Leg;

/// Parts of ten thousand: 1 % is 100 bps. At most 100 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Bps(u16);

/// More than 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 0 to 10000 basis points (100 %)")]
pub struct BpsOutOfRange;

impl TryFrom<u16> for Bps {
    type Error = BpsOutOfRange;

    fn try_from(bps: u16) -> Result<Self, BpsOutOfRange> {
        if bps <= 10_000 { Ok(Self(bps)) } else { Err(BpsOutOfRange) }
    }
}

impl From<Bps> for u16 {
    fn from(bps: Bps) -> Self {
        bps.0
    }
}

impl Bps {
    /// So much of this, rounded half up.
    fn of(self, millimes: i64) -> i128 {
        (i128::from(millimes) * i128::from(self.0) + 5_000) / 10_000
    }
}

/// Who bears a fee and its tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FeeBearer {
    /// The merchant that asked for the payment: from its share, then its available money, then as debt.
    #[default]
    Platform,
    /// The leg of this merchant, where the payment has one; else the platform.
    Leg(MerchantId),
    /// All legs that get something, alike; what does not divide falls to the first of them.
    Equal,
    /// All legs in proportion to what they get.
    Proportional,
}

/// A word that names no bearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be platform, equal, proportional, or leg: and a merchant's number, such as leg:1234")]
pub struct UnknownBearer;

impl FeeBearer {
    /// Reads `platform`, `equal`, `proportional` or `leg:1234`.
    pub fn parse(text: &str) -> Result<Self, UnknownBearer> {
        match (text, text.strip_prefix("leg:")) {
            ("platform", _) => Ok(Self::Platform),
            ("equal", _) => Ok(Self::Equal),
            ("proportional", _) => Ok(Self::Proportional),
            (_, Some(id)) => MerchantId::parse(id).map(Self::Leg).map_err(|_| UnknownBearer),
            _ => Err(UnknownBearer),
        }
    }
}

impl fmt::Display for FeeBearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => f.write_str("platform"),
            Self::Leg(merchant) => write!(f, "leg:{merchant}"),
            Self::Equal => f.write_str("equal"),
            Self::Proportional => f.write_str("proportional"),
        }
    }
}

impl TryFrom<String> for FeeBearer {
    type Error = UnknownBearer;

    fn try_from(text: String) -> Result<Self, UnknownBearer> {
        Self::parse(&text)
    }
}

impl From<FeeBearer> for String {
    fn from(bearer: FeeBearer) -> Self {
        bearer.to_string()
    }
}

/// What is taken of each captured payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeePlan {
    /// A part of the captured amount, rounded half up to a millime.
    pub bps: Bps,
    /// ... and this on top.
    #[serde(rename = "fixed_millimes")]
    pub fixed: Amount,
    /// Never less than this.
    #[serde(rename = "min_millimes")]
    pub min: Amount,
    /// Never more than this, if there is a maximum.
    #[serde(rename = "max_millimes")]
    pub max: Option<Amount>,
    /// Tax on the fee, as a part of it, rounded half up.
    pub tax_bps: Bps,
    /// Who bears both.
    pub bearer: FeeBearer,
}

/// What a plan takes of one payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// The fee. It may be more than any payment: at most twice the largest.
    pub fee_millimes: i64,
    /// The tax on it.
    pub tax_millimes: i64,
}

impl Charge {
    /// Both together.
    pub const fn total_millimes(self) -> i64 {
        self.fee_millimes + self.tax_millimes
    }
}

/// Who bears a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Borne {
    /// What is kept of each leg, in their order; never more than the leg.
    pub by_leg: Vec<Amount>,
    /// What no leg has, and the platform owes beside its share.
    pub rest_millimes: i64,
}

/// A leg that would have to bear more than it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Which leg, counted from 0.
    pub leg: usize,
    /// How much it lacks.
    pub lacks_millimes: i64,
}

impl FeePlan {
    /// What it takes of a captured amount: `clamp(half_up(amount * bps) + fixed, min, max)`, and the tax
    /// on that.
    pub fn charge(&self, captured: Amount) -> Charge {
        let sum = self.bps.of(captured.millimes()) + i128::from(self.fixed.millimes());
        let max = self.max.map_or(i128::MAX, |max| i128::from(max.millimes()));
        let fee = sum.max(i128::from(self.min.millimes())).min(max);
        let fee_millimes = i64::try_from(fee).expect("at most an amount and another one");
        let tax = self.tax_bps.of(fee_millimes);
        let tax_millimes = i64::try_from(tax).expect("a tax is at most its fee");
        Charge { fee_millimes, tax_millimes }
    }

    /// Who bears what it takes of a payment that this caller asked for.
    ///
    /// What a leg does not have falls to the platform: a captured payment is never refused. That a leg
    /// has it is looked at when the payment is made ([`Self::misfits`]).
    pub fn borne(&self, caller: MerchantId, captured: Amount, legs: &[Leg]) -> Borne {
        let total = self.charge(captured).total_millimes();
        let wanted = self.wanted(total, legs);
        let mut by_leg: Vec<Amount> =
            legs.iter().zip(&wanted).map(|(leg, &wanted)| part_of(leg.amount, wanted)).collect();
        let mut rest = total - by_leg.iter().map(|part| part.millimes()).sum::<i64>();
        // Its own share, that of the remainder first: it is the last leg.
        for (leg, kept) in legs.iter().zip(&mut by_leg).rev() {
            if leg.destination == caller {
                let free = leg.amount.checked_sub(*kept).expect("a leg keeps at most itself");
                let more = part_of(free, rest);
                *kept = kept.checked_add(more).expect("a leg keeps at most itself");
                rest -= more.millimes();
            }
        }
        Borne { by_leg, rest_millimes: rest }
    }

    /// The legs that would have to bear more than they get. The platform's own is none of them: what it
    /// lacks, it owes.
    pub fn misfits(&self, caller: MerchantId, captured: Amount, legs: &[Leg]) -> Vec<Misfit> {
        let total = self.charge(captured).total_millimes();
        let wanted = self.wanted(total, legs);
        let lacks = |(index, (leg, wanted)): (usize, (&Leg, &i64))| {
            let lacks_millimes = wanted - leg.amount.millimes();
            let is_misfit = 0 < lacks_millimes && leg.destination != caller;
            is_misfit.then_some(Misfit { leg: index, lacks_millimes })
        };
        legs.iter().zip(&wanted).enumerate().filter_map(lacks).collect()
    }

    /// What each leg would have to bear, whether it has it or not; what is left is the platform's.
    fn wanted(&self, total: i64, legs: &[Leg]) -> Vec<i64> {
        let mut wanted = vec![0; legs.len()];
        match self.bearer {
            FeeBearer::Platform => {}
            FeeBearer::Leg(merchant) => {
                let leg = legs.iter().position(|leg| leg.destination == merchant);
                if let Some(leg) = leg {
                    wanted[leg] = total;
                }
            }
            FeeBearer::Equal => {
                // A leg that gets nothing bears nothing. Some leg gets something, as the payment does.
                let bearing = || legs.iter().filter(|leg| leg.amount != Amount::ZERO);
                let count = i64::try_from(bearing().count()).expect("at most 51 legs").max(1);
                let wants = legs.iter().zip(&mut wanted);
                let wants = wants.filter(|(leg, _)| leg.amount != Amount::ZERO);
                for (index, (_, wanted)) in (0..).zip(wants) {
                    *wanted = total / count + i64::from(index < total % count);
                }
            }
            FeeBearer::Proportional => {
                let weights: Vec<i64> = legs.iter().map(|leg| leg.amount.millimes()).collect();
                let divided = part_of(
                    Amount::checked_sum(legs.iter().map(|leg| leg.amount))
                        .expect("the legs are the payment"),
                    total,
                );
                let parts = largest_remainder(divided, &weights);
                let parts = parts.expect("a payment is more than nothing");
                wanted = parts.into_iter().map(Amount::millimes).collect();
                // More than the whole payment fits nowhere; it is told of the first leg.
                wanted[0] += total - divided.millimes();
            }
        }
        wanted
    }
}

/// As much of this amount as is wanted, or all of it.
fn part_of(amount: Amount, wanted_millimes: i64) -> Amount {
    Amount::from_millimes(wanted_millimes.min(amount.millimes()))
        .expect("between zero and an amount")
}

#[cfg(test)]
mod tests;
