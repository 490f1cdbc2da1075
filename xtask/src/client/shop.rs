//! A platform with its merchants, its keys and payers with wallets, made by the command line as an
//! operator would.

use anyhow::Context as _;
use serde_json::{Value, json};
use std::net::SocketAddr;

use super::payer::Payer;
use super::stand::Stand;
use super::wire::{Request, Response};

/// The merchant whose keys are used.
pub const PLATFORM: &str = "9000";
/// Merchants who receive shares.
pub const MERCHANTS: [&str; 6] = ["1234", "4321", "5001", "5002", "5003", "5004"];
/// More than all payments of a run take from one wallet.
const FUND_MILLIMES: &str = "100000000";

/// A platform.
#[derive(Clone)]
pub struct Shop {
    /// Where its gateway listens.
    pub gateway: SocketAddr,
    /// Its `Authorization` header.
    pub authorization: String,
}

impl Shop {
    /// Makes the platform and its merchants; the gateway must run.
    pub fn open(stand: &Stand) -> anyhow::Result<Self> {
        for id in MERCHANTS.iter().chain([&PLATFORM]) {
            stand.command(&["merchant", "create", "--name", "Harness", "--id", id])?;
            stand.command(&["merchant", "set-status", id, "active"])?;
        }
        let arguments = ["app", "create", "--merchant", PLATFORM, "--mode", "test"];
        let app = stand.command(&[&arguments[..], &["--webhook-mode", "get"]].concat())?;
        let key = |name: &str| -> anyhow::Result<String> {
            let key = app.get(name).and_then(Value::as_str);
            Ok(key.with_context(|| format!("`app create` shows no {name}"))?.to_owned())
        };
        let authorization = format!("Bearer {}:{}", key("public_key")?, key("private_key")?);
        Ok(Self { gateway: stand.gateway, authorization })
    }

    /// Makes a wallet with money in it for each of these phones.
    pub fn make_wallets(stand: &Stand, phones: &[String]) -> anyhow::Result<()> {
        for phone in phones {
            let who = ["wallet", "create", "--phone", phone, "--name", "Payer", "--mode", "test"];
            stand.command(&[&who[..], &["--fund-millimes", FUND_MILLIMES]].concat())?;
        }
        Ok(())
    }

    /// A request to create a payment.
    pub fn create(&self, body: &str, key: Option<&str>) -> Request {
        let path = "/api/v2/generate_payment";
        let request = Request::new("POST", path, self.gateway)
            .header("Authorization", &self.authorization)
            .body("application/json", body);
        match key {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        }
    }

    /// A request to give a payment's money back.
    pub fn refund(&self, body: &str, key: &str) -> Request {
        Request::new("POST", "/api/v2/refund_payment", self.gateway)
            .header("Authorization", &self.authorization)
            .header("Idempotency-Key", key)
            .body("application/json", body)
    }

    /// A request for what became of a payment.
    pub fn verify(&self, payment: &str) -> Request {
        let path = format!("/api/v2/verify_payment/{payment}");
        Request::new("GET", &path, self.gateway).header("Authorization", &self.authorization)
    }
}

/// The phone of wallet number `index`.
pub fn phone(index: usize) -> String {
    format!("2{index:07}")
}

/// A body that asks for a payment of this amount with two destinations.
pub fn two_destinations(amount: u64, accept_card: bool) -> Value {
    json!({
        "amount": amount,
        "success_link": "http://shop.invalid/ok",
        "fail_link": "http://shop.invalid/no",
        "developer_tracking_id": "harness",
        "accept_card": accept_card,
        "destination": [
            {"amount": amount / 2, "destination": MERCHANTS[0]},
            {"amount": amount / 4, "destination": MERCHANTS[1]},
        ],
    })
}

/// The payment's id in the answer to its creation.
pub fn payment_id(answer: &Response) -> anyhow::Result<String> {
    let json = answer.json()?;
    let id = json["result"]["payment_id"].as_str();
    Ok(id.with_context(|| format!("no payment_id in {json}"))?.to_owned())
}

/// The payment's status in the answer to `verify_payment`.
pub fn status(answer: &Response) -> anyhow::Result<String> {
    let json = answer.json()?;
    let word = json["result"]["status"].as_str();
    Ok(word.with_context(|| format!("no status in {json}"))?.to_owned())
}

/// The newest code on a phone's page of the sandbox.
pub async fn newest_code(
    payer: &mut Payer,
    sandbox: SocketAddr,
    phone: &str,
) -> anyhow::Result<Option<String>> {
    let page = payer.fetch(sandbox, &format!("/phone/{phone}"), None).await?;
    Ok(six_digits(&page.text()))
}

/// The first run of exactly six digits.
fn six_digits(text: &str) -> Option<String> {
    let runs = text.split(|c: char| !c.is_ascii_digit());
    runs.into_iter().find(|run| run.len() == 6).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_first_six_digits_that_stand_alone() {
        let page = "<p>+216 55 555 555</p><time>10:30:00 UTC</time> code 012345, 1234567, 999999";
        assert_eq!(six_digits(page).as_deref(), Some("012345"));
        assert_eq!(six_digits("12345 1234567"), None);
    }
}
