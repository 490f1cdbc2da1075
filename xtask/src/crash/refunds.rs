//! Refunds of the mix: each key leads to one refund for ever, a payment has those that somebody asked for
//! and no other, and the merchants are without what they gave back.

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::run::Run;
use crate::client::payer::Payer;
use crate::client::wire::Response;

/// A refund that somebody asked for.
#[derive(Clone, Debug)]
pub struct Refunding {
    /// Of which payment.
    pub payment: String,
    /// The body it was asked for with.
    pub body: String,
    /// The refund, once an answer came whole.
    pub made: Option<Refunded>,
}

/// A refund that was acknowledged.
#[derive(Clone, Debug)]
pub struct Refunded {
    /// Its id.
    pub id: String,
    /// What each merchant gives.
    pub reversals: BTreeMap<String, u64>,
}

impl Refunded {
    /// Reads the answer to a request for a refund.
    pub fn read(answer: &Response) -> anyhow::Result<Self> {
        if answer.status != 200 {
            bail!("a refund is answered with {}: {}", answer.status, answer.text());
        }
        let json = answer.json()?;
        let made = &json["result"];
        let reversal =
            |one: &Value| Some((one["destination"].as_str()?.to_owned(), one["amount"].as_u64()?));
        Ok(Self {
            id: made["refund_id"].as_str().context("a refund without an id")?.to_owned(),
            reversals: made["reversals"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(reversal)
                .collect(),
        })
    }
}

/// Sends every refund without an answer again, and then each of them once more: a key leads to one
/// refund for ever.
pub async fn repeat(run: &Run, platform: &mut Payer) -> anyhow::Result<()> {
    let unknown = run.records().refunds_unknown();
    for key in unknown {
        let made = again(run, platform, &key).await?;
        let id = made.id.clone();
        run.records().refunded(&key, made);
        let second = again(run, platform, &key).await?.id;
        if second != id {
            run.violation(Some(&key), format!("doubled: this key led to {id}, now to {second}"));
        }
    }
    Ok(())
}

async fn again(run: &Run, platform: &mut Payer, key: &str) -> anyhow::Result<Refunded> {
    let body = run.records().refundings[key].body.clone();
    let number = run.journal.intent(0, "refund again", &json!({"key": key}));
    let answer = platform.call(run.shop.gateway, &run.shop.refund(&body, key)).await?;
    run.journal.result(number, &json!({"status": answer.status, "body": answer.text()}));
    Refunded::read(&answer).with_context(|| format!("key {key}"))
}

/// Each of these payments has the refunds that were acknowledged, and no other.
pub async fn check(run: &Run, platform: &mut Payer, payments: &[String]) -> anyhow::Result<()> {
    for payment in payments {
        let expected = run.records().refunds_of(payment);
        let answer = platform.call(run.shop.gateway, &run.shop.verify(payment)).await?;
        let json = answer.json()?;
        let listed = json["result"]["details"]["refunds"].as_array();
        let ids = listed.into_iter().flatten().filter_map(|one| one["refund_id"].as_str());
        let found: BTreeSet<String> = ids.map(str::to_owned).collect();
        if found != expected {
            let what = format!("its refunds should be {expected:?} and are {found:?}");
            run.violation(Some(payment), what);
        }
    }
    Ok(())
}
