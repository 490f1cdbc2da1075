//! What must hold for every split, whatever is asked.

use proptest::collection::vec;
use proptest::prelude::*;
use qisma_domain::ids::MerchantId;
use qisma_domain::limits::AMOUNT_MILLIMES_MAX;
use qisma_domain::money::Amount;
use qisma_domain::split::{LegKind, LegRequest, Ppm, Share, Split};

fn merchant(number: i64) -> MerchantId {
    MerchantId::from_number(number).expect("the test stays in range")
}

fn amount(millimes: i64) -> Amount {
    Amount::from_millimes(millimes).expect("the test stays in range")
}

fn share(fixed_max: i64) -> impl Strategy<Value = Share> {
    prop_oneof![
        4 => (0..=fixed_max).prop_map(|millimes| Share::Fixed(amount(millimes))),
        4 => (1_u32..=60_000)
            .prop_map(|ppm| Share::Percent(Ppm::from_number(ppm).expect("between 0 and 100 %"))),
        1 => Just(Share::Remainder),
    ]
}

/// A total, and requests to merchants 0 to 59 of which many are possible and some are not.
fn wish() -> impl Strategy<Value = (i64, Vec<LegRequest>)> {
    (1..=AMOUNT_MILLIMES_MAX).prop_flat_map(|total| {
        let request = (0_i64..60, share(total / 20))
            .prop_map(|(number, share)| LegRequest { destination: merchant(number), share });
        (Just(total), vec(request, 0..12))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_split_adds_up_keeps_the_order_and_gives_the_rest_to_the_caller((total, wish) in wish()) {
        let caller = merchant(7);
        if let Ok(split) = Split::resolve(amount(total), caller, &wish) {
            let legs = split.legs();
            let sum: i64 = legs.iter().map(|leg| leg.amount.millimes()).sum();
            prop_assert_eq!(sum, total);
            for (request, leg) in wish.iter().zip(legs) {
                prop_assert_eq!(request.destination, leg.destination);
                if let Share::Fixed(asked) = request.share {
                    prop_assert_eq!(leg.amount, asked);
                }
            }
            prop_assert!(legs.len() <= wish.len() + 1);
            for leg in &legs[wish.len()..] {
                prop_assert_eq!((leg.destination, leg.kind), (caller, LegKind::Remainder));
            }
        }
    }

    #[test]
    fn a_percentage_comes_to_its_exact_value_within_one_millime((total, wish) in wish()) {
        if let Ok(split) = Split::resolve(amount(total), merchant(7), &wish) {
            for (request, leg) in wish.iter().zip(split.legs()) {
                if let Share::Percent(ppm) = request.share {
                    let exact_ppm = total * i64::from(ppm.number());
                    prop_assert!((leg.amount.millimes() * 1_000_000 - exact_ppm).abs() < 1_000_000);
                }
            }
        }
    }

    #[test]
    fn fixed_amounts_that_fit_are_never_refused(amounts in vec(1_i64..1000, 0..50), rest in 0_i64..5) {
        prop_assume!(!amounts.is_empty() || rest > 0);
        let total = amounts.iter().sum::<i64>() + rest;
        let wish: Vec<LegRequest> = (0..)
            .zip(&amounts)
            .map(|(number, &millimes)| LegRequest {
                destination: merchant(number),
                share: Share::Fixed(amount(millimes)),
            })
            .collect();
        let split = Split::resolve(amount(total), merchant(7), &wish).unwrap();
        prop_assert_eq!(split.legs().len(), wish.len() + usize::from(rest > 0));
    }
}
