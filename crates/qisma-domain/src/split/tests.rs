//! Splits as tables: what is asked, and the legs or the mistakes that come out.

use super::*;

const CALLER: i64 = 9000;

fn merchant(number: i64) -> MerchantId {
    MerchantId::from_number(number).unwrap()
}

fn amount(millimes: i64) -> Amount {
    Amount::from_millimes(millimes).unwrap()
}

fn fixed(destination: i64, millimes: i64) -> LegRequest {
    LegRequest { destination: merchant(destination), share: Share::Fixed(amount(millimes)) }
}

fn percent(destination: i64, ppm: u32) -> LegRequest {
    let share = Share::Percent(Ppm::from_number(ppm).unwrap());
    LegRequest { destination: merchant(destination), share }
}

fn remainder(destination: i64) -> LegRequest {
    LegRequest { destination: merchant(destination), share: Share::Remainder }
}

fn check(total: i64, requests: &[LegRequest], expected: &str) {
    let split = Split::resolve(amount(total), merchant(CALLER), requests).unwrap();
    let lines: Vec<String> = split
        .legs()
        .iter()
        .map(|leg| {
            let (number, millimes) = (leg.number, leg.amount.millimes());
            format!("{number}. {} {millimes} {}", leg.destination, leg.kind.as_str())
        })
        .collect();
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    assert_eq!(lines, expected);
}

fn refusals(total: i64, requests: &[LegRequest]) -> Vec<SplitError> {
    Split::resolve(amount(total), merchant(CALLER), requests).unwrap_err()
}

#[test]
fn what_is_left_goes_to_the_caller_as_the_last_leg() {
    check(
        10_000,
        &[fixed(1234, 5000), fixed(4321, 2000)],
        "1. 1234 5000 fixed
         2. 4321 2000 fixed
         3. 9000 3000 remainder",
    );
}

#[test]
fn a_payment_split_to_the_last_millime_has_no_remainder_leg() {
    check(
        10_000,
        &[fixed(1234, 8000), fixed(4321, 2000)],
        "1. 1234 8000 fixed
         2. 4321 2000 fixed",
    );
}

#[test]
fn without_a_split_the_caller_receives_everything() {
    check(1, &[], "1. 9000 1 remainder");
}

#[test]
fn the_caller_may_name_itself_once_and_still_receives_the_rest() {
    check(
        10,
        &[fixed(CALLER, 4)],
        "1. 9000 4 fixed
         2. 9000 6 remainder",
    );
}

#[test]
fn percentages_of_the_whole_add_up_by_largest_remainder() {
    check(
        10_001,
        &[percent(1, 800_000), percent(2, 150_000), percent(3, 50_000)],
        "1. 1 8001 fixed
         2. 2 1500 fixed
         3. 3 500 fixed",
    );
}

#[test]
fn the_caller_takes_part_in_the_rounding_of_percentages() {
    check(
        7,
        &[percent(1, 600_000), percent(2, 300_000)],
        "1. 1 4 fixed
         2. 2 2 fixed
         3. 9000 1 remainder",
    );
}

#[test]
fn an_asked_for_remainder_absorbs_what_half_up_rounding_does() {
    check(
        6450,
        &[percent(1, 300_100), remainder(2)],
        "1. 1 1936 fixed
         2. 2 4514 remainder",
    );
}

#[test]
fn an_asked_for_leg_that_comes_to_nothing_stays_visible() {
    check(
        100,
        &[fixed(1, 100), percent(2, 1), remainder(3)],
        "1. 1 100 fixed
         2. 2 0 fixed
         3. 3 0 remainder",
    );
}

#[test]
fn a_sum_above_the_total_is_refused_with_both_figures() {
    let mistakes = refusals(10, &[fixed(1, 6), fixed(2, 5)]);
    assert_eq!(mistakes, [SplitError::ExceedsTotal { legs_millimes: 11, total_millimes: 10 }]);
}

#[test]
fn a_sum_that_would_leave_the_range_of_64_bits_is_still_a_sum() {
    let most = 999_999_999_999;
    let requests: Vec<LegRequest> = (0..50).map(|number| fixed(number, most)).collect();
    let legs_millimes = 49_999_999_999_950;
    assert_eq!(
        refusals(most, &requests),
        [SplitError::ExceedsTotal { legs_millimes, total_millimes: most }]
    );
}

#[test]
fn a_destination_listed_twice_is_refused_even_when_it_is_the_caller() {
    let mistakes = refusals(10, &[fixed(CALLER, 1), fixed(1, 1), fixed(CALLER, 1)]);
    let destination = merchant(CALLER);
    assert_eq!(mistakes, [SplitError::DestinationTwice { leg: 2, first_leg: 0, destination }]);
}

#[test]
fn fifty_one_destinations_are_too_many() {
    let requests: Vec<LegRequest> = (0..51).map(|number| fixed(number, 1)).collect();
    assert_eq!(refusals(100, &requests), [SplitError::TooManyLegs { count: 51 }]);
}

#[test]
fn percentages_above_the_whole_are_refused() {
    let mistakes = refusals(10, &[percent(1, 600_000), percent(2, 400_001)]);
    assert_eq!(mistakes, [SplitError::PercentOver100 { ppm: 1_000_001 }]);
}

#[test]
fn amounts_and_percentages_that_do_not_fit_together_are_refused() {
    let mistakes = refusals(100, &[fixed(1, 60), percent(2, 500_000), remainder(3)]);
    assert_eq!(mistakes, [SplitError::NegativeRemainder { missing_millimes: 10 }]);
}

#[test]
fn half_up_percentages_that_leave_less_than_nothing_are_refused() {
    let mistakes = refusals(1, &[percent(1, 500_000), percent(2, 500_000), remainder(3)]);
    assert_eq!(mistakes, [SplitError::NegativeRemainder { missing_millimes: 1 }]);
}

#[test]
fn all_mistakes_are_listed_with_the_legs_that_made_them() {
    let requests = [fixed(1, 0), remainder(1), remainder(2), fixed(3, 11)];
    let mistakes = refusals(10, &requests);
    assert_eq!(
        mistakes,
        [
            SplitError::AmountZero { leg: 0 },
            SplitError::DestinationTwice { leg: 1, first_leg: 0, destination: merchant(1) },
            SplitError::MultipleRemainders { leg: 2, first_leg: 1 },
            SplitError::ExceedsTotal { legs_millimes: 11, total_millimes: 10 },
        ]
    );
}

#[test]
fn a_leg_is_kept_as_json_with_its_destination_as_text() {
    let leg = Leg {
        number: 2,
        destination: merchant(1234),
        amount: amount(8000),
        kind: LegKind::Fixed,
        captured: None,
    };
    let json = r#"{"number":2,"destination":"1234","amount_millimes":8000,"kind":"fixed"}"#;
    assert_eq!(serde_json::to_string(&leg).unwrap(), json);
    assert_eq!(serde_json::from_str::<Leg>(json).unwrap(), leg);
}
