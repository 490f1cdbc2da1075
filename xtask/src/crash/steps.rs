//! The steps of a payer, each written into the journal before it is done and after.

use anyhow::{Context as _, bail};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

use super::mix::{Card, RELOAD};
use super::records::Claim;
use super::run::Run;
use crate::client::payer::{Payer, Place, Stop};
use crate::client::shop;
use crate::client::wire::Response;

/// How long a code may take to reach a phone.
const CODE_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a waiting page is loaded again.
const RELOADS_MAX: usize = 20;

/// A payer, and the platform that asks for their money, both writing down what they do.
pub struct Steps {
    run: Arc<Run>,
    client: usize,
    payer: Payer,
    /// Knows the bank only: at the gateway's door this payer is gone.
    lost: Payer,
}

impl Steps {
    /// The steps of one client.
    pub fn new(run: Arc<Run>, client: usize) -> Self {
        let payer = Payer::new(&[run.shop.gateway, run.sandbox]);
        let lost = Payer::new(&[run.sandbox]);
        Self { run, client, payer, lost }
    }

    /// Asks for a payment.
    pub async fn create(&mut self, key: &str, body: &str) -> anyhow::Result<Response> {
        let about = json!({"key": key, "body": body});
        let request = self.run.shop.create(body, Some(key));
        let done = async {
            let answer = self.payer.call(self.run.shop.gateway, &request).await?;
            Ok((json!({"status": answer.status, "body": answer.text()}), answer))
        };
        self.run.journaled(self.client, "create", about, done).await
    }

    /// Asks for a refund.
    pub async fn refund(&mut self, key: &str, body: &str) -> anyhow::Result<Response> {
        let about = json!({"key": key, "body": body});
        let request = self.run.shop.refund(body, key);
        let done = async {
            let answer = self.payer.call(self.run.shop.gateway, &request).await?;
            Ok((json!({"status": answer.status, "body": answer.text()}), answer))
        };
        self.run.journaled(self.client, "refund", about, done).await
    }

    /// Asks what became of a payment, and notes the answer as a claim.
    pub async fn verify(&mut self, payment: &str) -> anyhow::Result<String> {
        let request = self.run.shop.verify(payment);
        let done = async {
            let answer = self.payer.call(self.run.shop.gateway, &request).await?;
            if answer.status != 200 {
                bail!("verify answered {}: {}", answer.status, answer.text());
            }
            let status = shop::status(&answer)?;
            Ok((json!({"status": status}), status))
        };
        let about = json!({"payment": payment});
        let status = self.run.journaled(self.client, "verify", about, done).await?;
        self.run.told(payment, Claim::of_status(&status));
        Ok(status)
    }

    /// Opens the payment and chooses the card, up to the bank's form.
    pub async fn go_to_bank(&mut self, payment: &str, link: &str) -> anyhow::Result<Place> {
        match self.press(payment, link, "/card").await? {
            Stop::Page(place) if place.page.form_to("/card").is_some() => Ok(place),
            stop => bail!("instead of the bank's form the payer sees {}", describe(&stop)),
        }
    }

    /// Types a card into the bank's form, answers its challenge, and walks back to the shop.
    pub async fn at_the_bank(
        &mut self,
        payment: &str,
        bank: Place,
        card: Card,
    ) -> anyhow::Result<Stop> {
        let about = json!({"payment": payment, "card": card.0});
        let payer = &mut self.payer;
        let done = async {
            let stop = type_card(payer, &bank, card).await?;
            let stop = wait_on_page(payer, stop).await?;
            Ok((json!(describe(&stop)), stop))
        };
        let stop = self.run.journaled(self.client, "bank", about, done).await?;
        self.arrived(payment, &stop);
        Ok(stop)
    }

    /// The same in a tab that never comes back from the bank.
    pub async fn in_a_lost_tab(
        &mut self,
        payment: &str,
        bank: Place,
        card: Card,
    ) -> anyhow::Result<()> {
        let about = json!({"payment": payment, "card": card.0, "tab": "lost"});
        let payer = &mut self.lost;
        let done = async {
            let stop = type_card(payer, &bank, card).await?;
            // The gateway is not among the hosts this payer knows, so the walk ends at its door.
            match &stop {
                Stop::Shop(_) => Ok((json!(describe(&stop)), ())),
                Stop::Page(place) => bail!("the bank does not lead back: {}", place.describe()),
            }
        };
        self.run.journaled(self.client, "bank", about, done).await
    }

    /// Opens the payment and sends the form whose address has this ending.
    pub async fn press(&mut self, payment: &str, link: &str, form: &str) -> anyhow::Result<Stop> {
        let about = json!({"payment": payment, "form": form});
        let payer = &mut self.payer;
        let done = async {
            let place = open_page(payer, link).await?;
            let found = place.page.form_to(form);
            let found = found.with_context(|| format!("no {form} on {}", place.describe()))?;
            let stop = payer.submit(&place, &found).await?;
            Ok((json!(describe(&stop)), stop))
        };
        self.run.journaled(self.client, "press", about, done).await
    }

    /// Pays with the wallet of a phone.
    pub async fn by_wallet(
        &mut self,
        payment: &str,
        link: &str,
        phone: &str,
    ) -> anyhow::Result<Stop> {
        let about = json!({"payment": payment, "phone": phone});
        let (payer, sandbox) = (&mut self.payer, self.run.sandbox);
        let done = async {
            let old = shop::newest_code(payer, sandbox, phone).await?;
            let place = open_page(payer, link).await?;
            let form = place.page.form_to("/wallet");
            let form = form.with_context(|| format!("no wallet on {}", place.describe()))?;
            let stop = payer.submit(&place, &form.fill("tel", phone)).await?;
            let Stop::Page(place) = stop else { bail!("the shop comes before the code") };
            let form = place.page.form_to("/code");
            let form = form.with_context(|| format!("no code on {}", place.describe()))?;
            let code = await_code(payer, sandbox, phone, old.as_deref()).await?;
            let stop = payer.submit(&place, &form.fill("one-time-code", &code)).await?;
            let stop = wait_on_page(payer, stop).await?;
            Ok((json!(describe(&stop)), stop))
        };
        let stop = self.run.journaled(self.client, "wallet", about, done).await?;
        self.arrived(payment, &stop);
        Ok(stop)
    }

    /// Notes what the payer is told by being led to the shop.
    pub fn arrived(&self, payment: &str, stop: &Stop) {
        if let Stop::Shop(url) = stop {
            let paid = url.starts_with("http://shop.invalid/ok");
            let claim = if paid { Claim::of_status("SUCCESS") } else { Claim::NotPaid };
            self.run.told(payment, claim);
        }
    }
}

async fn open_page(payer: &mut Payer, link: &str) -> anyhow::Result<Place> {
    let stop = payer.open(link).await?;
    match stop {
        Stop::Page(place) => Ok(place),
        Stop::Shop(url) => bail!("the payment leads to the shop at once: {url}"),
    }
}

async fn type_card(payer: &mut Payer, bank: &Place, card: Card) -> anyhow::Result<Stop> {
    let form = bank.page.form_to("/card").context("the bank shows no form")?;
    let form = form.fill("cc-number", card.0).fill("cc-exp", card.1);
    let form = form.fill("cc-csc", card.2).fill("cc-name", "FOULEN BEN FOULEN");
    let stop = payer.submit(bank, &form).await?;
    match &stop {
        Stop::Page(place) if place.page.form_to("/3ds").is_some() => {
            let form = place.page.form_to("/3ds").expect("it was there just now");
            payer.submit(place, &form.fill("one-time-code", "123456")).await
        }
        _ => Ok(stop),
    }
}

/// Loads a page that asks for it again until it leads somewhere.
async fn wait_on_page(payer: &mut Payer, mut stop: Stop) -> anyhow::Result<Stop> {
    for _ in 0..RELOADS_MAX {
        match &stop {
            Stop::Page(place) if place.page.refresh.is_some() => {
                sleep(RELOAD).await;
                stop = payer.open(&place.url()).await?;
            }
            _ => return Ok(stop),
        }
    }
    Ok(stop)
}

async fn await_code(
    payer: &mut Payer,
    sandbox: std::net::SocketAddr,
    phone: &str,
    old: Option<&str>,
) -> anyhow::Result<String> {
    let wait = async {
        loop {
            let code = shop::newest_code(payer, sandbox, phone).await?;
            match code {
                Some(code) if Some(code.as_str()) != old => return anyhow::Ok(code),
                _ => sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(CODE_TIMEOUT, wait).await.context("no code reached the phone")?
}

fn describe(stop: &Stop) -> String {
    match stop {
        Stop::Shop(url) => url.clone(),
        Stop::Page(place) => place.describe(),
    }
}
