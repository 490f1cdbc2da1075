//! Callbacks as a merchant receives them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::{Bank, CALLBACK_KEY, FRICTIONLESS, NO_FUNDS};

/// A merchant's address that notes what it is called with.
struct Merchant {
    url: String,
    /// What it answers, the last one for ever.
    answers: Arc<Mutex<Vec<StatusCode>>>,
    calls: mpsc::UnboundedReceiver<String>,
}

type Ears = (Arc<Mutex<Vec<StatusCode>>>, mpsc::UnboundedSender<String>);

async fn hear(State((answers, calls)): State<Ears>, RawQuery(query): RawQuery) -> StatusCode {
    calls.send(query.unwrap_or_default()).unwrap();
    let mut answers = answers.lock().unwrap();
    if answers.len() > 1 { answers.remove(0) } else { answers[0] }
}

impl Merchant {
    async fn start(answers: &[u16]) -> Self {
        let answers = answers.iter().map(|code| StatusCode::from_u16(*code).unwrap()).collect();
        let answers = Arc::new(Mutex::new(answers));
        let (sender, calls) = mpsc::unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/told?secret=s", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/told", axum::routing::get(hear))
            .with_state((Arc::clone(&answers), sender));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, answers, calls }
    }

    async fn next(&mut self) -> Call {
        let query = self.calls.recv().await.unwrap();
        let fields = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Call { fields }
    }

    fn silent(&mut self) -> bool {
        self.calls.try_recv().is_err()
    }
}

struct Call {
    fields: BTreeMap<String, String>,
}

impl Call {
    fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Whether the checksum over the acquirer's fields is right.
    fn is_signed(&self) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(CALLBACK_KEY.as_bytes()).unwrap();
        for name in ["amount", "mdOrder", "operation", "orderNumber", "status"] {
            mac.update(format!("{name};{};", self.get(name)).as_bytes());
        }
        let hex = mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02X}").unwrap();
            hex
        });
        hex == self.get("checksum")
    }

    fn says(&self) -> (&str, &str, &str, bool) {
        (self.get("operation"), self.get("status"), self.get("amount"), self.is_signed())
    }
}

#[tokio::test]
async fn each_change_of_an_order_is_told_and_signed() {
    let (bank, mut merchant) = (Bank::start().await, Merchant::start(&[200]).await);
    let more = [("dynamicCallbackUrl", merchant.url.as_str())];
    let order_id = bank.register_at("registerPreAuth", "k-1", &more).await;
    bank.pay(&order_id, FRICTIONLESS).await;
    let call = merchant.next().await;
    assert_eq!(call.says(), ("approved", "1", "10000", true));
    assert_eq!(call.get("mdOrder"), order_id);
    assert_eq!(call.get("orderNumber"), "k-1");
    assert_eq!(call.get("secret"), "s", "the address keeps its own query");
    bank.call("deposit", &[("orderId", &order_id), ("amount", "9000")]).await;
    assert_eq!(merchant.next().await.says(), ("deposited", "1", "9000", true));
    bank.call("refund", &[("orderId", &order_id), ("amount", "500")]).await;
    assert_eq!(merchant.next().await.says(), ("refunded", "1", "500", true));
}

#[tokio::test]
async fn declines_reversals_and_ended_sessions_are_told() {
    let (bank, mut merchant) = (Bank::start().await, Merchant::start(&[200]).await);
    let address = merchant.url.clone();
    let more = [("dynamicCallbackUrl", address.as_str())];
    let declined = bank.register("k-2", &more).await;
    bank.pay(&declined, NO_FUNDS).await;
    assert_eq!(merchant.next().await.says(), ("deposited", "0", "10000", true));
    let reversed = bank.register("k-3", &more).await;
    bank.pay(&reversed, FRICTIONLESS).await;
    merchant.next().await;
    bank.call("reverse", &[("orderId", &reversed)]).await;
    assert_eq!(merchant.next().await.says(), ("reversed", "1", "10000", true));
    let over = bank.register("k-4", &more).await;
    bank.clock.advance_secs(1_200);
    bank.status(&over).await;
    assert_eq!(merchant.next().await.says(), ("declinedByTimeout", "1", "10000", true));
}

#[tokio::test]
async fn a_callback_nobody_takes_is_repeated_three_times() {
    let (bank, mut merchant) = (Bank::start().await, Merchant::start(&[500]).await);
    let order_id = bank.register("k-5", &[("dynamicCallbackUrl", &merchant.url)]).await;
    bank.pay(&order_id, FRICTIONLESS).await;
    merchant.next().await;
    for repeat in 1..=3 {
        bank.clock.sleepers(repeat).await;
        assert!(merchant.silent(), "not before its time");
        bank.clock.advance_secs(30);
        merchant.next().await;
    }
}

#[tokio::test]
async fn a_callback_that_was_taken_is_not_repeated() {
    let (bank, mut merchant) = (Bank::start().await, Merchant::start(&[500, 200]).await);
    let order_id = bank.register("k-6", &[("dynamicCallbackUrl", &merchant.url)]).await;
    bank.pay(&order_id, FRICTIONLESS).await;
    merchant.next().await;
    bank.clock.sleepers(1).await;
    bank.clock.advance_secs(30);
    merchant.next().await;
    assert_eq!(merchant.answers.lock().unwrap().len(), 1);
    // The next order's callback comes next, and nothing of the first one before it.
    let other = bank.register("k-7", &[("dynamicCallbackUrl", &merchant.url)]).await;
    bank.pay(&other, FRICTIONLESS).await;
    assert_eq!(merchant.next().await.get("orderNumber"), "k-7");
}

#[tokio::test]
async fn a_callback_can_come_twice() {
    let (bank, mut merchant) = (Bank::start().await, Merchant::start(&[200]).await);
    bank.arm(&json!({ "fault": "duplicate_callback", "times": 1 })).await;
    let order_id = bank.register("k-8", &[("dynamicCallbackUrl", &merchant.url)]).await;
    bank.pay(&order_id, FRICTIONLESS).await;
    assert_eq!(merchant.next().await.fields, merchant.next().await.fields);
}

#[tokio::test]
async fn forged_callbacks_claim_a_payment_that_was_not() {
    let (bank, mut merchant) = (Bank::start().await, Merchant::start(&[200]).await);
    bank.arm(&json!({ "fault": "forged_callback", "times": 1 })).await;
    let order_id = bank.register("k-9", &[("dynamicCallbackUrl", &merchant.url)]).await;
    bank.pay(&order_id, NO_FUNDS).await;
    assert_eq!(merchant.next().await.says(), ("deposited", "1", "10000", false));
    assert_eq!(merchant.next().await.says(), ("deposited", "1", "10001", true));
    assert_eq!(merchant.next().await.says(), ("deposited", "0", "10000", true));
}

#[tokio::test]
async fn a_forged_callback_can_come_before_the_payer() {
    let (bank, mut merchant) = (Bank::start().await, Merchant::start(&[200]).await);
    bank.arm(&json!({ "fault": "forged_callback", "endpoint": "register" })).await;
    let order_id = bank.register("k-10", &[("dynamicCallbackUrl", &merchant.url)]).await;
    assert_eq!(merchant.next().await.says(), ("deposited", "1", "10000", false));
    assert_eq!(bank.order_status(&order_id).await, (0, -100));
}
