//! Fees by example, and what holds of all of them.

use proptest::prelude::*;

use super::*;
use crate::split::LegKind;

fn amount(millimes: i64) -> Amount {
    Amount::from_millimes(millimes).unwrap()
}

fn merchant(number: i64) -> MerchantId {
    MerchantId::from_number(number).unwrap()
}

fn bps(bps: u16) -> Bps {
    Bps::try_from(bps).unwrap()
}

/// 1.5 % and 100 millimes, at least 300 and at most 5,000; 19 % tax.
fn plan() -> FeePlan {
    FeePlan {
        bps: bps(150),
        fixed: amount(100),
        min: amount(300),
        max: Some(amount(5_000)),
        tax_bps: bps(1_900),
        bearer: FeeBearer::Platform,
    }
}

fn charge(plan: &FeePlan, millimes: i64) -> (i64, i64) {
    let charge = plan.charge(amount(millimes));
    (charge.fee_millimes, charge.tax_millimes)
}

/// Legs of merchants 101, 102, ... and the rest for merchant 1, who asked.
fn legs(amounts: &[i64]) -> Vec<Leg> {
    let last = amounts.len();
    let leg = |(number, &millimes): (u16, &i64)| {
        let is_last = usize::from(number) == last;
        Leg {
            number,
            destination: merchant(if is_last { 1 } else { 100 + i64::from(number) }),
            amount: amount(millimes),
            kind: if is_last { LegKind::Remainder } else { LegKind::Fixed },
            captured: None,
        }
    };
    (1..).zip(amounts).map(leg).collect()
}

fn borne(bearer: FeeBearer, fee: i64, amounts: &[i64]) -> (Vec<i64>, i64) {
    let plan = FeePlan { fixed: amount(fee), bearer, ..FeePlan::default() };
    let borne = plan.borne(merchant(1), amount(amounts.iter().sum()), &legs(amounts));
    (borne.by_leg.into_iter().map(Amount::millimes).collect(), borne.rest_millimes)
}

#[test]
fn a_fee_is_a_part_and_a_fixed_sum_with_tax_on_both() {
    // 1.5 % of 100 dinars is 1,500; with 100 it is 1,600, of which 19 % is 304.
    assert_eq!(charge(&plan(), 100_000), (1_600, 304));
}

#[test]
fn a_fee_is_rounded_half_up_and_so_is_its_tax() {
    let plan = FeePlan { min: Amount::ZERO, fixed: Amount::ZERO, max: None, ..plan() };
    // 1.5 % of 33 is 0.495; of 34 it is 0.51; of 100 exactly 1.5.
    assert_eq!([33, 34, 100].map(|each| plan.charge(amount(each)).fee_millimes), [0, 1, 2]);
    let tax = |fee| FeePlan { bps: bps(0), fixed: amount(fee), ..plan }.charge(amount(1));
    // 19 % of 2 is 0.38, of 3 it is 0.57, of 50 exactly 9.5.
    assert_eq!([2, 3, 50].map(|fee| tax(fee).tax_millimes), [0, 1, 10]);
}

#[test]
fn a_fee_keeps_to_its_minimum_and_its_maximum() {
    assert_eq!(charge(&plan(), 1), (300, 57));
    assert_eq!(charge(&plan(), 999_999_999_999), (5_000, 950));
}

#[test]
fn the_largest_fee_of_the_largest_payment_can_be_counted() {
    let most = amount(999_999_999_999);
    let plan =
        FeePlan { bps: bps(10_000), fixed: most, tax_bps: bps(10_000), ..FeePlan::default() };
    assert_eq!(plan.charge(most).total_millimes(), 4 * 999_999_999_999);
}

#[test]
fn no_plan_takes_nothing() {
    assert_eq!(charge(&FeePlan::default(), 100_000), (0, 0));
}

#[test]
fn a_platform_bears_from_its_share_and_owes_the_rest() {
    assert_eq!(borne(FeeBearer::Platform, 500, &[8_000, 2_000]), (vec![0, 500], 0));
    assert_eq!(borne(FeeBearer::Platform, 500, &[9_800, 200]), (vec![0, 200], 300));
}

#[test]
fn a_leg_bears_what_its_bearer_names() {
    let leg = FeeBearer::Leg(merchant(101));
    assert_eq!(borne(leg, 500, &[8_000, 1_500, 500]), (vec![500, 0, 0], 0));
    // Nobody of that name is paid: the platform bears it.
    let nobody = FeeBearer::Leg(merchant(999));
    assert_eq!(borne(nobody, 500, &[8_000, 1_500, 500]), (vec![0, 0, 500], 0));
}

#[test]
fn legs_bear_alike_or_in_proportion() {
    assert_eq!(borne(FeeBearer::Equal, 100, &[8_000, 1_500, 500]), (vec![34, 33, 33], 0));
    assert_eq!(borne(FeeBearer::Equal, 100, &[0, 8_000, 2_000]), (vec![0, 50, 50], 0));
    assert_eq!(borne(FeeBearer::Proportional, 101, &[8_000, 1_500, 500]), (vec![81, 15, 5], 0));
}

#[test]
fn what_a_leg_lacks_is_told_and_falls_to_the_platform_where_it_must() {
    let plan = FeePlan {
        fixed: amount(1_700),
        bearer: FeeBearer::Leg(merchant(102)),
        ..FeePlan::default()
    };
    let legs = legs(&[8_000, 1_500, 500]);
    let misfits = plan.misfits(merchant(1), amount(10_000), &legs);
    assert_eq!(misfits, [Misfit { leg: 1, lacks_millimes: 200 }]);
    let borne = plan.borne(merchant(1), amount(10_000), &legs);
    assert_eq!(borne.by_leg[1..], [amount(1_500), amount(200)]);
}

#[test]
fn a_platform_is_never_a_misfit() {
    for bearer in [FeeBearer::Platform, FeeBearer::Leg(merchant(1))] {
        let plan = FeePlan { fixed: amount(20_000), bearer, ..FeePlan::default() };
        assert_eq!(plan.misfits(merchant(1), amount(10_000), &legs(&[9_000, 1_000])), []);
    }
}

#[test]
fn a_bearer_is_read_as_it_is_written() {
    for word in ["platform", "equal", "proportional", "leg:1234"] {
        assert_eq!(FeeBearer::parse(word).unwrap().to_string(), word);
    }
    for word in ["", "leg", "leg:", "leg:x", "Platform"] {
        assert_eq!(FeeBearer::parse(word), Err(UnknownBearer));
    }
}

#[test]
fn a_plan_is_stored_as_it_is_read() {
    let text = serde_json::to_string(&plan()).unwrap();
    assert_eq!(
        text,
        r#"{"bps":150,"fixed_millimes":100,"min_millimes":300,"max_millimes":5000,"tax_bps":1900,"bearer":"platform"}"#
    );
    assert_eq!(serde_json::from_str::<FeePlan>(&text).unwrap(), plan());
    assert!(serde_json::from_str::<FeePlan>(&text.replace("150", "10001")).is_err());
}

fn any_plan() -> impl Strategy<Value = FeePlan> {
    let millimes = prop_oneof![0..=10_i64, 0..=999_999_999_999_i64];
    let bearers = prop_oneof![
        Just(FeeBearer::Platform),
        Just(FeeBearer::Equal),
        Just(FeeBearer::Proportional),
        (100..=106_i64).prop_map(|number| FeeBearer::Leg(merchant(number))),
    ];
    (0..=10_000_u16, millimes.clone(), millimes, 0..=10_000_u16, bearers).prop_map(
        |(part, fixed, min, tax, bearer)| FeePlan {
            bps: bps(part),
            fixed: amount(fixed),
            min: amount(min),
            max: None,
            tax_bps: bps(tax),
            bearer,
        },
    )
}

proptest! {
    #[test]
    fn every_millime_of_a_charge_is_borne_once(
        plan in any_plan(),
        amounts in prop::collection::vec(1..=9_999_999_999_i64, 1..=6),
    ) {
        let (legs, total) = (legs(&amounts), amount(amounts.iter().sum()));
        let borne = plan.borne(merchant(1), total, &legs);
        let kept: i64 = borne.by_leg.iter().map(|part| part.millimes()).sum();
        prop_assert_eq!(kept + borne.rest_millimes, plan.charge(total).total_millimes());
        prop_assert!(borne.by_leg.iter().zip(&legs).all(|(kept, leg)| *kept <= leg.amount));
        prop_assert!(0 <= borne.rest_millimes);
    }

    #[test]
    fn what_fits_costs_nobody_but_its_bearers(
        plan in any_plan(),
        amounts in prop::collection::vec(1..=9_999_999_999_i64, 2..=6),
    ) {
        let (legs, total) = (legs(&amounts), amount(amounts.iter().sum()));
        let fits = plan.misfits(merchant(1), total, &legs).is_empty();
        let borne = plan.borne(merchant(1), total, &legs);
        if fits && plan.bearer == FeeBearer::Proportional {
            prop_assert_eq!(borne.rest_millimes, 0);
        }
        if let (true, FeeBearer::Leg(bearer)) = (fits, plan.bearer) {
            let others = legs.iter().zip(&borne.by_leg);
            let mut others = others.filter(|(leg, _)| {
                leg.destination != bearer && leg.destination != merchant(1)
            });
            prop_assert!(others.all(|(_, kept)| kept.is_zero()));
        }
    }
}
