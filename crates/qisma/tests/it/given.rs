//! What tests begin with, made by the same operations that operators use.

use qisma::gateway::Gateway;
use qisma::operations::apps::{self, NewApp};
use qisma::operations::{merchants, wallets};
use qisma_domain::app::WebhookMode;
use qisma_domain::ids::{MerchantId, Mode};
use qisma_domain::merchant::MerchantStatus;
use serde_json::{Value, json};

use crate::test_app::TestApp;

/// The merchant that asks.
pub const PLATFORM: &str = "1000";
/// Merchants that can receive.
pub const RECEIVERS: [&str; 2] = ["1234", "4321"];
/// A merchant that cannot.
pub const SUSPENDED: &str = "6666";
/// The phone of a wallet with 100 dinars of test money.
pub const PHONE: &str = "55555555";

/// The settings with which live wallets are offered, which no test pays with.
pub const LIVE_WALLETS: [(&str, &str); 3] = [
    ("QISMA__RAILS__WALLET__ENABLED", "always"),
    ("QISMA__MESSAGES__SMS__URL", "https://sms.example/send"),
    ("QISMA__MESSAGES__SMS__TOKEN", "a token for messages"),
];

/// The platform, two merchants that can receive, one that cannot, a wallet; and the platform's app
/// in test mode.
pub async fn a_platform(app: &TestApp) -> NewApp {
    let gateway = &app.gateway;
    for id in [PLATFORM, RECEIVERS[0], RECEIVERS[1], SUSPENDED] {
        a_merchant(gateway, id).await;
    }
    set_status(gateway, SUSPENDED, MerchantStatus::Suspended).await;
    wallets::create(gateway, PHONE, "Foulen".to_owned(), Mode::Test, 100_000).await.unwrap();
    an_app(gateway, PLATFORM, Mode::Test).await
}

/// An active merchant.
pub async fn a_merchant(gateway: &Gateway, id: &str) {
    merchants::create(gateway, Some(id), format!("Merchant {id}"), None).await.unwrap();
    set_status(gateway, id, MerchantStatus::Active).await;
}

/// An app of a merchant.
pub async fn an_app(gateway: &Gateway, merchant: &str, mode: Mode) -> NewApp {
    let merchant = MerchantId::parse(merchant).unwrap();
    apps::create(gateway, merchant, mode, WebhookMode::Get).await.unwrap()
}

/// Sets a merchant's status.
pub async fn set_status(gateway: &Gateway, id: &str, status: MerchantStatus) {
    merchants::set_status(gateway, MerchantId::parse(id).unwrap(), status).await.unwrap();
}

/// The least that a request must have: 10 dinars, and where to lead the payer.
pub fn a_request() -> Value {
    json!({
        "amount": 10_000,
        "success_link": "https://shop.example/paid",
        "fail_link": "https://shop.example/not-paid",
    })
}

/// The documented request: 10 dinars, of which 8 go to one merchant and 2 to another.
pub fn a_split_request() -> Value {
    let mut request = a_request();
    request["destination"] = json!([
        { "amount": 8_000, "destination": RECEIVERS[0] },
        { "amount": 2_000, "destination": RECEIVERS[1] },
    ]);
    request
}

/// The least request with some fields set.
pub fn a_request_with(fields: &Value) -> Value {
    let mut request = a_request();
    for (name, value) in fields.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}
