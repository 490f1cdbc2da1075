//! Golden vectors, made by exact rational arithmetic and independently of this code.

use qisma_domain::allocation::{check_chosen_parts, continued_allocation, largest_remainder};
use qisma_domain::money::Amount;
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct LargestRemainder {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    total: Amount,
    weights: Vec<i64>,
    parts: Vec<Amount>,
}

#[derive(Deserialize)]
struct Continued {
    sequences: Vec<Sequence>,
}

#[derive(Deserialize)]
struct Sequence {
    legs: Vec<Amount>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(flatten)]
    take: Take,
    parts: Vec<Amount>,
    total_after: Vec<Amount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Take {
    Amount(Amount),
    Chosen(Vec<Amount>),
}

fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the fixture is in the repository");
    serde_json::from_str(&text).expect("the fixture has the shape above")
}

#[test]
fn largest_remainder_agrees_with_every_vector() {
    let vectors: LargestRemainder = fixture("largest-remainder.json");
    assert_eq!(vectors.cases.len(), 408);
    for case in vectors.cases {
        assert_eq!(largest_remainder(case.total, &case.weights).unwrap(), case.parts);
    }
}

#[test]
fn continued_allocation_agrees_with_every_step_of_every_sequence() {
    let vectors: Continued = fixture("continued-allocation.json");
    assert_eq!(vectors.sequences.len(), 254);
    for Sequence { legs, steps } in vectors.sequences {
        let mut taken = vec![Amount::ZERO; legs.len()];
        for step in steps {
            let parts = match step.take {
                Take::Amount(amount) => continued_allocation(&legs, &taken, amount).unwrap(),
                Take::Chosen(chosen) => {
                    check_chosen_parts(&legs, &taken, &chosen).unwrap();
                    chosen
                }
            };
            assert_eq!(parts, step.parts, "legs {legs:?}, already {taken:?}");
            for (taken, part) in taken.iter_mut().zip(parts) {
                *taken = taken.checked_add(part).unwrap();
            }
            assert_eq!(taken, step.total_after);
        }
    }
}
