//! What must hold for every allocation, whatever the figures.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use qisma_domain::allocation::{continued_allocation, largest_remainder};
use qisma_domain::limits::AMOUNT_MILLIMES_MAX;
use qisma_domain::money::Amount;

fn amount(millimes: i64) -> Amount {
    Amount::from_millimes(millimes).expect("the test stays in range")
}

fn amounts(millimes: &[i64]) -> Vec<Amount> {
    millimes.iter().copied().map(amount).collect()
}

fn millimes(amounts: Vec<Amount>) -> Vec<i64> {
    amounts.into_iter().map(Amount::millimes).collect()
}

fn take(legs: &[i64], already: &[i64], total: i64) -> Vec<i64> {
    let parts = continued_allocation(&amounts(legs), &amounts(already), amount(total));
    millimes(parts.expect("the test takes no more than there is"))
}

/// The rule as it is stated: one millime at a time, fractions compared by cross multiplication.
fn take_unit_by_unit(legs: &[i64], already: &[i64], total: i64) -> Vec<i64> {
    let mut taken = already.to_vec();
    for _ in 0..total {
        let mut best: Option<usize> = None;
        for (index, &leg) in legs.iter().enumerate().filter(|&(index, &leg)| taken[index] < leg) {
            let better = best.is_none_or(|best| {
                leg * (2 * taken[best] + 1) > legs[best] * (2 * taken[index] + 1)
            });
            if better {
                best = Some(index);
            }
        }
        taken[best.expect("something is left")] += 1;
    }
    taken.iter().zip(already).map(|(taken, already)| taken - already).collect()
}

/// Legs up to `leg_max`, what was already taken from each, and an amount that is still left.
fn situation(leg_max: i64, legs: usize) -> impl Strategy<Value = (Vec<i64>, Vec<i64>, i64)> {
    let leg = (0..=leg_max).prop_flat_map(|leg| (Just(leg), 0..=leg));
    vec(leg, 1..=legs).prop_flat_map(move |pairs| {
        let rest: i64 = pairs.iter().map(|(leg, taken)| leg - taken).sum();
        let (legs, already) = pairs.into_iter().unzip();
        (Just(legs), Just(already), 0..=rest.min(AMOUNT_MILLIMES_MAX))
    })
}

/// Large legs that together stay a payment.
const LEG_MAX: i64 = AMOUNT_MILLIMES_MAX / 50;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn largest_remainder_adds_up_and_is_within_one_of_exact(
        total in 0..=AMOUNT_MILLIMES_MAX,
        weights in vec(0..=i64::MAX, 1..50),
    ) {
        prop_assume!(weights.iter().any(|&weight| weight > 0));
        let parts = millimes(largest_remainder(amount(total), &weights).unwrap());
        prop_assert_eq!(parts.iter().sum::<i64>(), total);
        let sum: i128 = weights.iter().copied().map(i128::from).sum();
        for (&part, &weight) in parts.iter().zip(&weights) {
            let error = i128::from(part) * sum - i128::from(total) * i128::from(weight);
            prop_assert!(error.abs() < sum);
        }
    }

    #[test]
    fn a_step_adds_up_and_takes_from_no_leg_more_than_it_has(
        (legs, already, total) in situation(LEG_MAX, 50),
    ) {
        let parts = take(&legs, &already, total);
        prop_assert_eq!(parts.iter().sum::<i64>(), total);
        for ((part, leg), already) in parts.iter().zip(&legs).zip(&already) {
            prop_assert!(*part <= leg - already);
        }
    }

    #[test]
    fn taking_all_that_is_left_exhausts_every_leg((legs, already, _) in situation(LEG_MAX, 50)) {
        let rests: Vec<i64> = legs.iter().zip(&already).map(|(leg, taken)| leg - taken).collect();
        prop_assert_eq!(take(&legs, &already, rests.iter().sum()), rests);
    }

    #[test]
    fn the_closed_form_equals_the_rule_unit_by_unit((legs, already, total) in situation(60, 8)) {
        prop_assert_eq!(take(&legs, &already, total), take_unit_by_unit(&legs, &already, total));
    }

    #[test]
    fn legs_of_equal_size_are_tied_as_the_rule_says(
        leg in 1_i64..40,
        count in 1_usize..10,
        share in any::<Index>(),
    ) {
        let legs = vec![leg; count];
        let already = vec![0; count];
        let whole = usize::try_from(legs.iter().sum::<i64>()).unwrap();
        let total = i64::try_from(share.index(whole + 1)).unwrap();
        prop_assert_eq!(take(&legs, &already, total), take_unit_by_unit(&legs, &already, total));
    }

    #[test]
    fn a_larger_amount_takes_at_least_as_much_from_every_leg(
        (legs, already, total) in situation(LEG_MAX, 50),
        cut in any::<Index>(),
    ) {
        let less = i64::try_from(cut.index(usize::try_from(total).unwrap() + 1)).unwrap();
        let smaller = take(&legs, &already, less);
        let larger = take(&legs, &already, total);
        prop_assert!(smaller.iter().zip(&larger).all(|(smaller, larger)| smaller <= larger));
    }

    #[test]
    fn how_an_amount_is_cut_into_steps_makes_no_difference(
        (legs, _, _) in situation(LEG_MAX, 50),
        cuts in vec(any::<Index>(), 1..6),
    ) {
        let whole: i64 = legs.iter().sum();
        let steps = usize::try_from(whole).unwrap() + 1;
        let mut cuts: Vec<i64> =
            cuts.iter().map(|cut| i64::try_from(cut.index(steps)).unwrap()).collect();
        cuts.sort_unstable();
        let start = vec![0; legs.len()];
        let (mut taken, mut before) = (start.clone(), 0);
        for cut in cuts {
            let parts = take(&legs, &taken, cut - before);
            taken = taken.iter().zip(&parts).map(|(taken, part)| taken + part).collect();
            before = cut;
            prop_assert_eq!(&taken, &take(&legs, &start, cut));
        }
    }

    #[test]
    fn from_nothing_a_leg_stays_within_two_of_its_exact_share(
        (legs, _, _) in situation(LEG_MAX, 50),
        cut in any::<Index>(),
    ) {
        let whole: i64 = legs.iter().sum();
        prop_assume!(whole > 0);
        let total = i64::try_from(cut.index(usize::try_from(whole).unwrap() + 1)).unwrap();
        let parts = take(&legs, &vec![0; legs.len()], total);
        for (&part, &leg) in parts.iter().zip(&legs) {
            let exact = i128::from(total) * i128::from(leg);
            let error = i128::from(part) * i128::from(whole) - exact;
            prop_assert!(error.abs() < 2 * i128::from(whole));
        }
    }
}
