//! `qisma terminal`.

use serde_json::json;

use super::{offline_and_live, qisma};

#[test]
fn a_terminal_that_was_registered_is_listed() {
    offline_and_live(|data| {
        qisma(data, "merchant create --name Souk --id 1234").json();
        let made = qisma(data, "terminal create --merchant 1234 --id till-7 --serial SN-1").json();
        let created_at = made["created_at"].clone();
        let expected = json!({
            "merchant": "1234", "id": "till-7", "serial_number": "SN-1", "created_at": created_at,
        });
        assert_eq!(made, expected);
        assert_eq!(qisma(data, "terminal list").json(), json!([expected]));
    });
}

#[test]
fn one_merchants_terminals_have_different_ids() {
    offline_and_live(|data| {
        for id in ["1234", "4321"] {
            qisma(data, &format!("merchant create --name Souk --id {id}")).json();
            qisma(data, &format!("terminal create --merchant {id} --id till --serial S")).json();
        }
        let again = qisma(data, "terminal create --merchant 1234 --id till --serial T");
        assert!(again.error().contains("choose another --id"), "{again:?}");
    });
}

#[test]
fn a_terminal_needs_a_merchant_and_plain_names() {
    offline_and_live(|data| {
        let nobodys = qisma(data, "terminal create --merchant 1234 --id till --serial S");
        assert!(nobodys.error().contains("qisma merchant list"), "{nobodys:?}");
        let odd = qisma(data, "terminal create --merchant 1234 --id till/7 --serial S");
        assert!(odd.error().starts_with("--id is 1 to 32"), "{odd:?}");
        assert_eq!(qisma(data, "terminal list").json(), json!([]));
    });
}
