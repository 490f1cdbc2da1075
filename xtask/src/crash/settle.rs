//! What is asked of a gateway that came back: every request without an answer is asked again, every
//! acknowledgment is held against what is there now, and the books must balance.

use anyhow::{Context as _, bail};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::records::Claim;
use super::refunds;
use super::run::Run;
use crate::client::payer::Payer;
use crate::client::shop;
use crate::client::stand::Stand;

/// Older payments that are looked at again after each kill, beside those of the last life.
const OLD_CHECKED: usize = 40;
/// Answered requests that are sent again after each kill.
const REPEATED: usize = 20;
/// More than one life of the gateway creates; the command line lists no more.
const LIST_MAX: usize = 1_000;

/// Holds what the clients know against the gateway, which runs and which nobody else uses.
pub async fn settle(run: &Run, stand: &Stand, rng: &mut StdRng) -> anyhow::Result<()> {
    let mut platform = Payer::new(&[run.shop.gateway]);
    repeat_requests(run, &mut platform, rng).await?;
    refunds::repeat(run, &mut platform).await?;
    check_claims(run, &mut platform, rng).await?;
    check_list(run, stand)?;
    check_books(run, stand)?;
    Ok(())
}

/// Sends every request without an answer again, twice, and some of those with one: each key must
/// lead to one payment for ever.
pub async fn repeat_requests(
    run: &Run,
    platform: &mut Payer,
    rng: &mut StdRng,
) -> anyhow::Result<()> {
    let unknown = run.records().unknown();
    for key in unknown {
        let first = create_again(run, platform, &key).await?;
        run.told(&first, Claim::Exists);
        if let Some(creation) = run.records().creations.get_mut(&key) {
            creation.payment = Some(first);
        }
    }
    let keys: Vec<String> = run.records().creations.keys().cloned().collect();
    for _ in 0..REPEATED.min(keys.len()) {
        let key = keys.choose(rng).expect("there are keys");
        let known = run.records().creations[key].payment.clone();
        let again = create_again(run, platform, key).await?;
        if known.as_ref() != Some(&again) {
            let known = known.unwrap_or_default();
            run.violation(
                Some(key),
                format!("lost or doubled: this key led to {known}, now to {again}"),
            );
        }
    }
    let shared = run.records().shared_payments();
    for payment in shared {
        run.violation(Some(&payment), "two keys were answered with this payment");
    }
    Ok(())
}

async fn create_again(run: &Run, platform: &mut Payer, key: &str) -> anyhow::Result<String> {
    let body = run.records().creations[key].body.clone();
    let number = run.journal.intent(0, "create again", &json!({"key": key}));
    let answer = platform.call(run.shop.gateway, &run.shop.create(&body, Some(key))).await?;
    run.journal.result(number, &json!({"status": answer.status, "body": answer.text()}));
    if answer.status != 200 {
        bail!(
            "key {key}: the same request again is answered with {}: {}",
            answer.status,
            answer.text()
        );
    }
    shop::payment_id(&answer)
}

async fn check_claims(run: &Run, platform: &mut Payer, rng: &mut StdRng) -> anyhow::Result<()> {
    let mut payments: BTreeSet<String> = run.records().take_fresh().into_iter().collect();
    let all = run.records().payments();
    for _ in 0..OLD_CHECKED.min(all.len()) {
        payments.insert(all[rng.random_range(0..all.len())].clone());
    }
    check_payments(run, platform, payments).await?;
    Ok(())
}

/// Holds every claim about these payments against how they stand now. Gives those that are paid.
pub async fn check_payments(
    run: &Run,
    platform: &mut Payer,
    payments: impl IntoIterator<Item = String>,
) -> anyhow::Result<BTreeSet<String>> {
    let mut paid = BTreeSet::new();
    for payment in payments {
        let status = status_of(run, platform, &payment).await?;
        let broken = run.records().broken(&payment, status.as_deref());
        for broken in broken {
            run.violation(Some(&payment), format!("lost: {broken}"));
        }
        if status.as_deref() == Some("SUCCESS") {
            paid.insert(payment);
        }
    }
    Ok(paid)
}

/// How a payment stands now; None: the gateway does not know it.
pub async fn status_of(
    run: &Run,
    platform: &mut Payer,
    payment: &str,
) -> anyhow::Result<Option<String>> {
    let answer = platform.call(run.shop.gateway, &run.shop.verify(payment)).await?;
    match answer.status {
        200 => Ok(Some(shop::status(&answer)?)),
        404 => Ok(None),
        other => bail!("verify of {payment} answered {other}: {}", answer.text()),
    }
}

/// Every payment there is must be one that somebody asked for: a second one for a key would be here.
fn check_list(run: &Run, stand: &Stand) -> anyhow::Result<()> {
    let limit = LIST_MAX.to_string();
    let listed = stand.command(&["payment", "list", "--limit", &limit])?;
    let records = run.records();
    let known: BTreeSet<&str> =
        records.creations.values().filter_map(|creation| creation.payment.as_deref()).collect();
    let rows = listed.as_array().context("`payment list` is no list")?;
    let ids = rows.iter().filter_map(|row| row["payment_id"].as_str());
    let strangers: Vec<String> = ids.filter(|id| !known.contains(id)).map(str::to_owned).collect();
    drop(records);
    for stranger in strangers {
        run.violation(Some(&stranger), "doubled: nobody was ever told of this payment");
    }
    Ok(())
}

/// An order that the bank has got further with than the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// Its payment.
    pub payment: String,
    /// The attempt's number.
    pub attempt: String,
    /// Whether it is a refund that the bank has made and whose next look is to come.
    pub is_refund: bool,
}

impl InFlight {
    /// Reads `order PAYMENT-NUMBER: ...`.
    fn parse(sentence: &str) -> Option<Self> {
        let number = sentence.strip_prefix("order ")?.split(':').next()?;
        let (payment, attempt) = number.rsplit_once('-')?;
        let is_refund = sentence.contains(": we gave back ");
        Some(Self { payment: payment.to_owned(), attempt: attempt.to_owned(), is_refund })
    }
}

/// Lets the gateway's own `verify` look at the books. Gives what it says is still on its way.
pub fn check_books(run: &Run, stand: &Stand) -> anyhow::Result<Vec<InFlight>> {
    let (passed, report) = stand.try_command(&["verify", "--require-acquirer"])?;
    let invariants = report["invariants"].as_array();
    if !passed {
        let broken = |check: &&Value| check["status"] != "ok";
        let broken: Vec<&Value> = invariants.into_iter().flatten().filter(broken).collect();
        let what = if broken.is_empty() { report.to_string() } else { json!(broken).to_string() };
        run.violation(None, format!("`qisma verify` fails: {what}"));
    }
    let in_flight =
        invariants.into_iter().flatten().filter_map(|check| check["in_flight"].as_array());
    let sentences = in_flight.flatten().filter_map(Value::as_str);
    sentences
        .map(|sentence| {
            InFlight::parse(sentence).with_context(|| format!("verify says: {sentence}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::InFlight;

    #[test]
    fn an_order_in_flight_names_its_payment_and_attempt() {
        let sentence =
            "order -FoPKKHqfQIKfBqhEj8M4--12: the acquirer says it is paid, we look again";
        let in_flight = InFlight::parse(sentence).unwrap();
        assert_eq!(in_flight.payment, "-FoPKKHqfQIKfBqhEj8M4-");
        assert_eq!(in_flight.attempt, "12");
        assert!(!in_flight.is_refund);
        let sentence =
            "order FoPKKHqfQIKfBqhEj8M4AA-1: we gave back 0 millimes, the acquirer says 5";
        assert!(InFlight::parse(sentence).unwrap().is_refund);
        assert_eq!(InFlight::parse("all is well"), None);
    }
}
