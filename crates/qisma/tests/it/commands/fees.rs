//! What is taken of payments, and holidays, on the command line.

use super::{offline_and_live, qisma};
use serde_json::json;
use tempfile::TempDir;

#[test]
fn a_fee_plan_is_set_shown_and_cleared() {
    offline_and_live(|data| {
        qisma(data, "merchant create --name Souk --id 1234").json();
        let none = qisma(data, "merchant fees show 1234").json();
        assert_eq!(none, json!({ "merchant": "1234", "fee_plan": null }));
        let set = qisma(
            data,
            "merchant fees set 1234 --bps 150 --fixed 100 --min 300 --max 5000 --tax-bps 1900 \
             --bearer leg:4321",
        );
        let plan = json!({ "merchant": "1234", "fee_plan": {
            "bps": 150, "fixed_millimes": 100, "min_millimes": 300, "max_millimes": 5_000,
            "tax_bps": 1_900, "bearer": "leg:4321",
        } });
        assert_eq!(set.json(), plan);
        assert_eq!(qisma(data, "merchant fees show 1234").json(), plan);
        assert_eq!(qisma(data, "merchant fees clear 1234").json(), none);
    });
}

#[test]
fn a_plan_that_cannot_be_is_refused_in_words() {
    let data = TempDir::new().unwrap();
    qisma(data.path(), "merchant create --name Souk --id 1234").json();
    let refused = qisma(data.path(), "merchant fees set 1234 --min 300 --max 200");
    assert!(refused.error().contains("--min"), "{refused:?}");
    let stranger = qisma(data.path(), "merchant fees set 999 --bps 1");
    assert!(stranger.error().contains("merchant list"), "{stranger:?}");
    for (wrong, word) in [
        ("--bps 10001", "10000 basis points"),
        ("--fixed -1", "--fixed"),
        ("--bearer nobody", "leg:1234"),
    ] {
        let refused = qisma(data.path(), &format!("merchant fees set 1234 {wrong}"));
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(word), "{refused:?}");
    }
}

#[test]
fn a_file_of_holidays_that_cannot_be_read_stops_the_start() {
    let data = TempDir::new().unwrap();
    let settings = data.path().join("qisma.toml");
    std::fs::write(&settings, "[settlement]\nholidays_file = \"/no/such/file.toml\"\n").unwrap();
    let refused = qisma(data.path(), "merchant list");
    assert!(refused.error().contains("settlement.holidays_file"), "{refused:?}");
}
