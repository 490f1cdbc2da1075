//! One amount into parts by weight: the largest remainders get the millimes that rounding left.

use crate::money::Amount;

/// Weights that cannot divide an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWeights {
    /// A weight below zero would make a part below zero.
    #[error("the weight at index {index} is negative; give 0 or more")]
    Negative {
        /// Which weight, counted from 0.
        index: usize,
    },
    /// No weights, or only zeros: nobody to give the amount to.
    #[error("no weight is above zero; give at least one")]
    NonePositive,
}

/// Divides `total` in proportion to `weights`. Every part is rounded down; the millimes left over
/// go, one each, to the largest remainders, ties by order. The parts add up to the total, each is
/// less than one millime from its exact share, and a weight of 0 receives nothing.
pub fn largest_remainder(total: Amount, weights: &[i64]) -> Result<Vec<Amount>, InvalidWeights> {
    if let Some(index) = weights.iter().position(|&weight| weight < 0) {
        return Err(InvalidWeights::Negative { index });
    }
    let weight_sum: i128 = weights.iter().copied().map(i128::from).sum();
    if weight_sum == 0 {
        return Err(InvalidWeights::NonePositive);
    }

    // Total (40 bits) times weight (63 bits) needs 128 bits.
    let products = weights.iter().map(|&weight| i128::from(total.millimes()) * i128::from(weight));
    let (mut parts, remainders): (Vec<i128>, Vec<i128>) =
        products.map(|product| (product / weight_sum, product % weight_sum)).unzip();

    let spare = i128::from(total.millimes()) - parts.iter().sum::<i128>();
    let spare = usize::try_from(spare).expect("rounding down leaves less than one per weight");
    let mut order: Vec<usize> = (0..parts.len()).collect();
    // The sort is stable, so equal remainders stay in the order of the weights.
    order.sort_by(|&left, &right| remainders[right].cmp(&remainders[left]));
    for &index in &order[..spare] {
        // Fewer spare millimes than positive remainders, so a weight of 0 never gets one.
        assert!(remainders[index] > 0);
        parts[index] += 1;
    }

    assert_eq!(parts.iter().sum::<i128>(), i128::from(total.millimes()));
    Ok(parts.into_iter().map(part_of_an_amount).collect())
}

fn part_of_an_amount(millimes: i128) -> Amount {
    let millimes = i64::try_from(millimes).expect("a part is at most the amount");
    Amount::from_millimes(millimes).expect("a part is between 0 and the amount")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(total: i64, weights: &[i64], expected: &[i64]) {
        let parts = largest_remainder(Amount::from_millimes(total).unwrap(), weights).unwrap();
        let parts: Vec<i64> = parts.into_iter().map(Amount::millimes).collect();
        assert_eq!(parts, expected);
    }

    #[test]
    fn the_odd_millimes_go_to_the_largest_remainders_and_then_by_order() {
        check(99, &[50, 50], &[50, 49]);
        check(99, &[1, 1, 1, 1, 1], &[20, 20, 20, 20, 19]);
        check(7, &[60, 30, 10], &[4, 2, 1]);
        check(10_001, &[80, 15, 5], &[8001, 1500, 500]);
        check(1, &[50, 50], &[1, 0]);
    }

    #[test]
    fn the_largest_amount_and_weights_do_not_overflow() {
        check(999_999_999_999, &[i64::MAX, i64::MAX], &[500_000_000_000, 499_999_999_999]);
    }

    #[test]
    fn a_negative_weight_is_named() {
        let refused = largest_remainder(Amount::ZERO, &[1, -1]);
        assert_eq!(refused, Err(InvalidWeights::Negative { index: 1 }));
    }

    #[test]
    fn without_a_positive_weight_nothing_is_divided() {
        assert_eq!(largest_remainder(Amount::ZERO, &[]), Err(InvalidWeights::NonePositive));
        assert_eq!(largest_remainder(Amount::ZERO, &[0, 0]), Err(InvalidWeights::NonePositive));
    }
}
