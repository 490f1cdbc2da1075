//! Partial captures and partial refunds: highest averages (Webster, Sainte-Laguë), continued from
//! what each leg already has.
//!
//! The rule, one millime at a time: among the legs that are not exhausted, the one with the largest
//! `leg / (2 * taken + 1)` gives the next millime, ties by order. So nothing is ever given back, no
//! leg gives more than it has, the last millime comes out exactly, and it makes no difference how an
//! amount is cut into steps. Legs chosen by hand are made good by the steps that follow.

use crate::money::Amount;

/// Why an amount cannot be taken from these legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TakeError {
    /// The lists do not speak of the same legs.
    #[error("there are {legs} legs but {others} values; give one for each leg")]
    LengthMismatch {
        /// How many legs there are.
        legs: usize,
        /// How many values were given for them.
        others: usize,
    },
    /// The record says that more was taken from a leg than it had.
    #[error("the leg at index {index} has already given more than its amount")]
    LegOverdrawn {
        /// Which leg, counted from 0.
        index: usize,
    },
    /// More is wanted than all legs together still have.
    #[error("only {left_millimes} millimes are left; ask for no more than that")]
    AmountAboveRest {
        /// What all legs still have, in millimes.
        left_millimes: i64,
    },
    /// A part chosen by hand is more than its leg still has.
    #[error(
        "the part of the leg at index {index} is above the {left_millimes} millimes it has left"
    )]
    PartAboveLeg {
        /// Which leg, counted from 0.
        index: usize,
        /// What that leg still has, in millimes.
        left_millimes: i64,
    },
}

/// What to take from each leg so that `amount` is taken in all, when `already` has been taken
/// before. In proportion to the legs, by the rule of this module; in millimes, one part for each leg.
pub fn continued_allocation(
    legs: &[Amount],
    already: &[Amount],
    amount: Amount,
) -> Result<Vec<Amount>, TakeError> {
    let legs = Legs::new(legs, already)?;
    let rest: i128 = legs.rests().sum();
    if rest < i128::from(amount.millimes()) {
        let left_millimes = i64::try_from(rest).expect("what is left is less than the amount");
        return Err(TakeError::AmountAboveRest { left_millimes });
    }

    let target = legs.taken.iter().sum::<i128>() + i128::from(amount.millimes());
    let parts = legs.advance_to(target);
    assert_eq!(parts.iter().sum::<i128>(), i128::from(amount.millimes()));
    let part = |millimes| {
        let millimes = i64::try_from(millimes).expect("a part is at most the amount");
        Amount::from_millimes(millimes).expect("a part is between 0 and the amount")
    };
    Ok(parts.into_iter().map(part).collect())
}

/// Checks parts that a merchant chose by hand: one for each leg, none above what its leg has left.
/// Returns their sum in millimes, for the caller to compare with the amount that was asked.
pub fn check_chosen_parts(
    legs: &[Amount],
    already: &[Amount],
    chosen: &[Amount],
) -> Result<Amount, TakeError> {
    let rests = Legs::new(legs, already)?;
    if legs.len() != chosen.len() {
        return Err(TakeError::LengthMismatch { legs: legs.len(), others: chosen.len() });
    }
    for (index, (rest, part)) in rests.rests().zip(chosen).enumerate() {
        if rest < i128::from(part.millimes()) {
            let left_millimes = i64::try_from(rest).expect("what is left is less than the part");
            return Err(TakeError::PartAboveLeg { index, left_millimes });
        }
    }
    let left_millimes = i64::try_from(rests.rests().sum::<i128>()).unwrap_or(i64::MAX);
    Amount::checked_sum(chosen.iter().copied()).ok_or(TakeError::AmountAboveRest { left_millimes })
}

/// Two averages of different legs, both up to 2^40, are at least 2^-80 apart: an interval this wide
/// holds one value at most, and whatever falls into it is a tie.
const STEPS_PER_UNIT: i128 = 1 << 80;

struct Legs {
    // Invariant: same length, and 0 <= taken[i] <= amounts[i] < 2^40.
    amounts: Vec<i128>,
    taken: Vec<i128>,
}

impl Legs {
    fn new(legs: &[Amount], already: &[Amount]) -> Result<Self, TakeError> {
        if legs.len() != already.len() {
            return Err(TakeError::LengthMismatch { legs: legs.len(), others: already.len() });
        }
        if let Some(index) = legs.iter().zip(already).position(|(leg, taken)| leg < taken) {
            return Err(TakeError::LegOverdrawn { index });
        }
        let widen = |amounts: &[Amount]| {
            amounts.iter().map(|amount| i128::from(amount.millimes())).collect()
        };
        Ok(Self { amounts: widen(legs), taken: widen(already) })
    }

    fn rests(&self) -> impl Iterator<Item = i128> {
        self.amounts.iter().zip(&self.taken).map(|(amount, taken)| amount - taken)
    }

    /// How much each leg has given when every millime whose turn `(2k + 1) / leg` comes at or
    /// before `step / STEPS_PER_UNIT` has been taken: the rule in closed form.
    fn taken_at(&self, step: i128) -> impl Iterator<Item = i128> {
        self.amounts.iter().zip(&self.taken).map(move |(&amount, &taken)| {
            // 40 bits times 81 bits stays inside 127.
            let count = (amount * step + STEPS_PER_UNIT) / (2 * STEPS_PER_UNIT);
            count.clamp(taken, amount)
        })
    }

    /// What each leg gives to bring the sum of what was taken to `target`.
    fn advance_to(&self, target: i128) -> Vec<i128> {
        // At step 0 nothing new is taken; at 2 units every leg is exhausted.
        let (mut low, mut high) = (0, 2 * STEPS_PER_UNIT);
        while low < high {
            let middle = low + (high - low + 1) / 2;
            if self.taken_at(middle).sum::<i128>() <= target {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        let before: Vec<i128> = self.taken_at(low).collect();
        let mut missing = target - before.iter().sum::<i128>();
        let next = self.taken_at(low + 1);
        let parts = before.iter().zip(next).zip(&self.taken).map(|((&before, next), &taken)| {
            // Those that move in the next step are tied: the first in order give one each.
            let tied = i128::from(0 < missing && before < next);
            missing -= tied;
            before + tied - taken
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(millimes: &[i64]) -> Vec<Amount> {
        millimes.iter().map(|&millimes| Amount::from_millimes(millimes).unwrap()).collect()
    }

    /// Takes the amounts one after the other; `expected` is what was taken in all after each.
    fn check(legs: &[i64], steps: &[i64], expected: &[&[i64]]) {
        let mut taken = vec![Amount::ZERO; legs.len()];
        for (&step, &expected) in steps.iter().zip(expected) {
            let step = Amount::from_millimes(step).unwrap();
            let parts = continued_allocation(&amounts(legs), &taken, step).unwrap();
            for (taken, part) in taken.iter_mut().zip(parts) {
                *taken = taken.checked_add(part).unwrap();
            }
            assert_eq!(taken, amounts(expected));
        }
    }

    #[test]
    fn partial_refunds_stay_in_proportion_and_end_exactly() {
        check(
            &[80_000, 15_000, 5000],
            &[10_001, 23_332, 23_333, 43_334],
            &[
                &[8001, 1500, 500],
                &[26_666, 5000, 1667],
                &[45_333, 8500, 2833],
                &[80_000, 15_000, 5000],
            ],
        );
    }

    #[test]
    fn single_millimes_go_round_by_highest_average() {
        check(&[6000, 3000, 1000], &[1, 1, 1], &[&[1, 0, 0], &[1, 1, 0], &[2, 1, 0]]);
    }

    #[test]
    fn a_leg_never_gets_money_back_when_the_total_grows() {
        check(&[1, 3, 5], &[4, 1, 4], &[&[1, 1, 2], &[1, 2, 2], &[1, 3, 5]]);
    }

    #[test]
    fn a_step_after_hand_chosen_parts_makes_the_other_legs_catch_up() {
        let parts = continued_allocation(
            &amounts(&[60, 30, 10]),
            &amounts(&[0, 0, 10]),
            Amount::from_millimes(10).unwrap(),
        );
        assert_eq!(parts.unwrap(), amounts(&[7, 3, 0]));
    }

    #[test]
    fn the_largest_legs_are_exact_to_the_millime() {
        let (most, least) = (999_999_999_999, 1);
        check(
            &[most, most, least],
            &[3, most],
            &[&[2, 1, 0], &[500_000_000_001, 500_000_000_000, 1]],
        );
    }

    #[test]
    fn more_than_all_legs_have_is_refused_with_what_is_left() {
        let refused = continued_allocation(
            &amounts(&[5, 5]),
            &amounts(&[5, 2]),
            Amount::from_millimes(4).unwrap(),
        );
        assert_eq!(refused, Err(TakeError::AmountAboveRest { left_millimes: 3 }));
    }

    #[test]
    fn a_record_that_took_more_than_a_leg_had_is_refused() {
        let refused = continued_allocation(&amounts(&[5, 5]), &amounts(&[5, 6]), Amount::ZERO);
        assert_eq!(refused, Err(TakeError::LegOverdrawn { index: 1 }));
    }

    #[test]
    fn a_chosen_part_above_what_its_leg_has_left_is_refused() {
        let (legs, already) = (amounts(&[5, 5]), amounts(&[0, 2]));
        let refused = check_chosen_parts(&legs, &already, &amounts(&[5, 4]));
        assert_eq!(refused, Err(TakeError::PartAboveLeg { index: 1, left_millimes: 3 }));
    }

    #[test]
    fn chosen_parts_that_fit_are_summed() {
        let (legs, already) = (amounts(&[5, 5]), amounts(&[0, 2]));
        let sum = check_chosen_parts(&legs, &already, &amounts(&[5, 3]));
        assert_eq!(sum, Ok(Amount::from_millimes(8).unwrap()));
    }
}
