//! What one client does until the gateway dies under it: the whole mix of creating, paying by card
//! and by wallet, being declined, changing the way of paying, canceling and closing the tab.

use anyhow::{Context as _, bail};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::records::{Claim, Creation};
use super::refunds::{Refunded, Refunding};
use super::run::Run;
use super::steps::Steps;
use crate::client::payer::Stop;
use crate::client::shop::{self, MERCHANTS, PLATFORM};

/// Cards of the sandbox: number, expiry, security code.
const CARD_3DS: Card = Card("4509211111111119", "12/26", "748");
/// The one that is paid with without a challenge.
pub const CARD_FRICTIONLESS: Card = Card("4509211111111127", "12/26", "748");
const CARD_POOR: Card = Card("5104051111111115", "12/26", "186");

/// A card as its holder types it.
#[derive(Clone, Copy)]
pub struct Card(pub &'static str, pub &'static str, pub &'static str);

#[derive(Clone, Copy, Debug)]
enum Plan {
    Leave,
    Card,
    CardWithoutChallenge,
    DeclinedThenPaid,
    Wallet,
    Cancel,
    ChangeOfWay,
    PayTwice,
    CloseTab,
}

/// How often each is done, in percent.
const MIX: [(Plan, u32); 9] = [
    (Plan::Leave, 12),
    (Plan::Card, 18),
    (Plan::CardWithoutChallenge, 10),
    (Plan::DeclinedThenPaid, 8),
    (Plan::Wallet, 20),
    (Plan::Cancel, 8),
    (Plan::ChangeOfWay, 10),
    (Plan::PayTwice, 6),
    (Plan::CloseTab, 8),
];

/// How many of the paid payments are given back, in part or whole.
const REFUNDED_PERCENT: u32 = 30;

/// One client. It ends when a call fails, which it must only once the gateway is dying.
pub async fn client(run: Arc<Run>, number: usize, seed: u64) {
    let mut client = Client {
        rng: StdRng::seed_from_u64(seed),
        steps: Steps::new(run.clone(), number),
        run: run.clone(),
        number,
        // Keys of one client in one life of the gateway; no other draws the same.
        key_root: format!("{number}-{seed:x}"),
        keys_used: 0,
    };
    while !run.is_dying() {
        if let Err(error) = client.one_payment().await {
            if !run.is_dying() {
                run.violation(None, format!("client {number}, while all was well: {error:#}"));
            }
            return;
        }
    }
}

struct Client {
    run: Arc<Run>,
    number: usize,
    rng: StdRng,
    steps: Steps,
    key_root: String,
    keys_used: u32,
}

impl Client {
    async fn one_payment(&mut self) -> anyhow::Result<()> {
        let (payment, link) = self.create().await?;
        self.steps.verify(&payment).await?;
        let plan = self.plan();
        let paid = self.pay(plan, &payment, &link).await;
        paid.with_context(|| format!("payment {payment}, plan {plan:?}"))?;
        let status = self.steps.verify(&payment).await?;
        if status == "SUCCESS" && self.rng.random_ratio(REFUNDED_PERCENT, 100) {
            self.refund(&payment).await.with_context(|| format!("refund of {payment}"))?;
        }
        Ok(())
    }

    /// Gives a part back, or all of it.
    async fn refund(&mut self, payment: &str) -> anyhow::Result<()> {
        let body = match self.rng.random_range(0..3) {
            0 => json!({"payment_id": payment}),
            // Every payment of the mix is of more.
            _ => json!({"payment_id": payment, "amount": self.rng.random_range(1..1_000)}),
        };
        self.keys_used += 1;
        let key = format!("{}-{}", self.key_root, self.keys_used);
        let asked = Refunding { payment: payment.to_owned(), body: body.to_string(), made: None };
        self.run.records().refundings.insert(key.clone(), asked);
        let answer = self.steps.refund(&key, &body.to_string()).await?;
        let made = Refunded::read(&answer)?;
        self.run.records().refunded(&key, made);
        Ok(())
    }

    fn plan(&mut self) -> Plan {
        let mut left = self.rng.random_range(0..MIX.iter().map(|(_, share)| share).sum());
        for (plan, share) in MIX {
            if left < share {
                return plan;
            }
            left -= share;
        }
        unreachable!("the number drawn is below the sum of the shares")
    }

    async fn create(&mut self) -> anyhow::Result<(String, String)> {
        let (body, shares) = self.draw_body();
        self.keys_used += 1;
        let key = format!("{}-{}", self.key_root, self.keys_used);
        let creation = Creation { body: body.to_string(), shares, payment: None };
        // Known before it is sent: an answer that never comes must not hide the question.
        self.run.records().creations.insert(key.clone(), creation.clone());
        let answer = self.steps.create(&key, &creation.body).await?;
        if answer.status != 200 {
            bail!("create answered {}: {}", answer.status, answer.text());
        }
        let payment = shop::payment_id(&answer)?;
        let link = answer.json()?["result"]["link"].as_str().context("no link")?.to_owned();
        let mut records = self.run.records();
        records.told(&payment, Claim::Exists);
        let creation = records.creations.get_mut(&key).expect("it was put there above");
        creation.payment = Some(payment.clone());
        Ok((payment, link))
    }

    /// A payment with one to five destinations, and what each merchant gets of it.
    fn draw_body(&mut self) -> (Value, BTreeMap<String, u64>) {
        let amount: u64 = self.rng.random_range(1_000..100_000);
        let mut merchants = MERCHANTS.to_vec();
        merchants.shuffle(&mut self.rng);
        merchants.truncate(self.rng.random_range(1..=5));
        let mut left = amount;
        let mut shares = BTreeMap::new();
        let mut legs = Vec::new();
        for merchant in merchants {
            // At most a quarter each, so that five of them fit.
            let share = self.rng.random_range(1..=(left / 4).max(1));
            left -= share;
            legs.push(json!({"amount": share, "destination": merchant}));
            shares.insert(merchant.to_owned(), share);
        }
        shares.insert(PLATFORM.to_owned(), left);
        let body = json!({
            "amount": amount,
            "success_link": "http://shop.invalid/ok",
            "fail_link": "http://shop.invalid/no",
            "webhook": self.run.webhook,
            "developer_tracking_id": self.key_root,
            "accept_card": true,
            "destination": legs,
        });
        (body, shares)
    }

    async fn pay(&mut self, plan: Plan, payment: &str, link: &str) -> anyhow::Result<()> {
        match plan {
            Plan::Leave => Ok(()),
            Plan::Card => self.by_card(payment, link, CARD_3DS).await,
            Plan::CardWithoutChallenge => self.by_card(payment, link, CARD_FRICTIONLESS).await,
            Plan::DeclinedThenPaid => {
                let bank = self.steps.go_to_bank(payment, link).await?;
                self.steps.at_the_bank(payment, bank, CARD_POOR).await?;
                let card = *[CARD_3DS, CARD_FRICTIONLESS].choose(&mut self.rng).expect("two cards");
                self.by_card(payment, link, card).await
            }
            Plan::Wallet => self.by_wallet(payment, link).await,
            Plan::Cancel => {
                let stop = self.steps.press(payment, link, "/cancel").await?;
                self.steps.arrived(payment, &stop);
                Ok(())
            }
            Plan::ChangeOfWay => {
                self.steps.go_to_bank(payment, link).await?;
                self.steps.press(payment, link, "/change").await?;
                self.by_wallet(payment, link).await
            }
            Plan::PayTwice => {
                let bank = self.steps.go_to_bank(payment, link).await?;
                self.steps.press(payment, link, "/change").await?;
                self.by_wallet(payment, link).await?;
                // The tab with the bank's page is still open: this money has to go back.
                self.steps.in_a_lost_tab(payment, bank, CARD_FRICTIONLESS).await
            }
            Plan::CloseTab => {
                let bank = self.steps.go_to_bank(payment, link).await?;
                self.steps.in_a_lost_tab(payment, bank, CARD_FRICTIONLESS).await?;
                self.run.records().paid_at_the_bank.insert(payment.to_owned());
                Ok(())
            }
        }
    }

    async fn by_card(&mut self, payment: &str, link: &str, card: Card) -> anyhow::Result<()> {
        let bank = self.steps.go_to_bank(payment, link).await?;
        let stop = self.steps.at_the_bank(payment, bank, card).await?;
        match stop {
            Stop::Shop(_) => Ok(()),
            Stop::Page(place) => bail!("after the bank the payer stands at {}", place.describe()),
        }
    }

    /// Pays by wallet; where no phone has rested long enough, by card.
    async fn by_wallet(&mut self, payment: &str, link: &str) -> anyhow::Result<()> {
        let Some(phone) = self.run.phone() else {
            return self.by_card(payment, link, CARD_FRICTIONLESS).await;
        };
        let number = self.number;
        let stop = self.steps.by_wallet(payment, link, &phone).await;
        match stop.with_context(|| format!("client {number}, phone {phone}"))? {
            Stop::Shop(_) => Ok(()),
            Stop::Page(place) => bail!("after the code the payer stands at {}", place.describe()),
        }
    }
}

/// How long a payer waits before loading a page again.
pub const RELOAD: Duration = Duration::from_millis(100);
