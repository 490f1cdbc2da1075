//! Holds the journal of the clients against the rows that are there in the end.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Which payments each idempotency key was answered with.
pub type Told = BTreeMap<String, BTreeSet<String>>;

/// Reads a client journal: a key counts as soon as it was sent, an answer only when it came whole with
/// status 200.
pub fn told(journal: &str) -> anyhow::Result<Told> {
    let mut keys = BTreeMap::new();
    let mut told = Told::new();
    for line in journal.lines() {
        let line: Value = serde_json::from_str(line).context("a line of the journal is broken")?;
        let Some(number) = line["n"].as_u64() else { continue };
        if let Some(key) = line["about"]["key"].as_str() {
            told.entry(key.to_owned()).or_default();
            keys.insert(number, key.to_owned());
            continue;
        }
        let (Some(key), Some(200)) = (keys.get(&number), line["result"]["status"].as_u64()) else {
            continue;
        };
        let body = line["result"]["body"].as_str().context("an answer without a body")?;
        let body: Value = serde_json::from_str(body).context("an answer that is not JSON")?;
        let payment = body["result"]["payment_id"].as_str().context("an answer without payment")?;
        told.entry(key.clone()).or_default().insert(payment.to_owned());
    }
    Ok(told)
}

/// A payment's id as its row has it, in hexadecimal digits.
pub fn row_id(payment: &str) -> anyhow::Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(payment);
    let bytes = bytes.with_context(|| format!("{payment} is no payment's id"))?;
    let mut digits = String::new();
    for byte in bytes {
        write!(digits, "{byte:02x}").expect("a string takes all that is written to it");
    }
    Ok(digits)
}

/// What came of what the clients were told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Payments that somebody was told of.
    pub acknowledged: usize,
    /// Of these, those without a row.
    pub lost: Vec<String>,
    /// Keys with two payments, and rows that no key ever led to.
    pub doubled: Vec<String>,
}

/// Compares. `rows` are the ids of all payments there are, in hexadecimal digits.
///
/// To be asked once no key is left without an answer: the row of one would be counted as doubled.
pub fn judge(told: &Told, rows: &BTreeSet<String>) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut known = BTreeSet::new();
    for (key, payments) in told {
        verdict.acknowledged += payments.len();
        if payments.len() > 1 {
            verdict.doubled.push(format!("key {key}"));
        }
        for payment in payments {
            let id = row_id(payment)?;
            if !rows.contains(&id) {
                verdict.lost.push(payment.clone());
            }
            if !known.insert(id) {
                verdict.doubled.push(format!("two keys with payment {payment}"));
            }
        }
    }
    let strangers = rows.difference(&known);
    verdict.doubled.extend(strangers.map(|id| format!("row {id} that nobody was told of")));
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOURNAL: &str = r#"
{"n":1,"client":1,"intent":"create","about":{"key":"k1","body":"{}"},"ms":1}
{"n":2,"client":2,"intent":"create","about":{"key":"k2","body":"{}"},"ms":1}
{"n":1,"result":{"unknown":"closed before the answer"},"ms":2}
{"n":2,"result":{"status":503,"body":"{}"},"ms":2}
{"harness":"struck","ms":3}
{"n":3,"client":1,"intent":"create","about":{"key":"k1","body":"{}"},"ms":4}
{"n":3,"result":{"status":200,"body":"{\"result\":{\"payment_id\":\"AAEC\"}}"},"ms":5}
"#;

    fn of(told: &[(&str, &[&str])]) -> Told {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        told.iter().map(|(key, payments)| ((*key).to_owned(), owned(payments))).collect()
    }

    fn judged(told: &[(&str, &[&str])], rows: &[&str]) -> Verdict {
        judge(&of(told), &rows.iter().map(|row| (*row).to_owned()).collect()).unwrap()
    }

    #[test]
    fn only_a_whole_answer_with_status_200_is_an_acknowledgment() {
        let told = told(JOURNAL.trim()).unwrap();
        assert_eq!(told, of(&[("k1", &["AAEC"]), ("k2", &[])]));
    }

    #[test]
    fn an_acknowledged_payment_without_a_row_is_lost() {
        let verdict = judged(&[("k1", &["AAEC"]), ("k2", &["AAED"])], &["000102"]);
        assert_eq!(verdict.acknowledged, 2);
        assert_eq!(verdict.lost, ["AAED"]);
        assert!(verdict.doubled.is_empty());
    }

    #[test]
    fn a_key_with_two_payments_is_doubled() {
        let verdict = judged(&[("k1", &["AAEC", "AAED"])], &["000102", "000103"]);
        assert_eq!(verdict.doubled, ["key k1"]);
    }

    #[test]
    fn a_row_that_no_key_led_to_is_doubled() {
        let verdict = judged(&[("k1", &["AAEC"])], &["000102", "000103"]);
        assert_eq!(verdict.doubled, ["row 000103 that nobody was told of"]);
    }

    #[test]
    fn two_keys_with_one_payment_are_found() {
        let verdict = judged(&[("k1", &["AAEC"]), ("k2", &["AAEC"])], &["000102"]);
        assert_eq!(verdict.doubled, ["two keys with payment AAEC"]);
    }
}
