//! `/api/transactions`: payments at a terminal, taken on the sandbox's terminal page.

mod init_pos_transaction;
mod outcomes;
mod uncertain;

use qisma::clock::Clock;
use qisma::operations::apps::NewApp;
use qisma_domain::ids::PaymentId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::given;
use crate::test_app::{Reply, TestApp, bearer};

const INIT: &str = "/api/transactions/init_pos_transaction";
const STATUS: &str = "/api/transactions/get_pos_transaction_status";
const TERMINAL: &str = "testing1234";
const TRACKING: &str = "till-7-0001";

async fn a_till() -> (TestApp, NewApp) {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    (app, keys)
}

/// The documented request.
fn a_request() -> Value {
    json!({
        "id_terminal": TERMINAL, "serial_number": "SN-0001", "amount_in_millimes": 10_000,
        "payment_method": "CARD", "developer_tracking_id": TRACKING,
        "webhook": "https://shop.example/hook",
    })
}

async fn init(app: &TestApp, keys: &NewApp, body: &Value) -> Reply {
    init_with(app, keys, body, None).await
}

async fn init_with(app: &TestApp, keys: &NewApp, body: &Value, key: Option<&str>) -> Reply {
    let mut request = app
        .request(Method::POST, INIT)
        .header("authorization", bearer(keys))
        .header("content-type", "application/json")
        .body(body.to_string());
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    Reply::of(request).await
}

async fn ask(app: &TestApp, keys: &NewApp, query: &str) -> Reply {
    let path = format!("{STATUS}?{query}");
    Reply::of(app.request(Method::GET, &path).header("authorization", bearer(keys))).await
}

/// The one transaction of the documented request.
async fn status(app: &TestApp, keys: &NewApp) -> String {
    let reply = ask(app, keys, &format!("developer_tracking_id={TRACKING}")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["transactions"][0]["payment_status"].as_str().unwrap().to_owned()
}

/// Presses each button of this kind that the terminal's page has, and says how many there were.
async fn press(app: &TestApp, button: &str) -> usize {
    let actions = buttons(app, button).await;
    for action in &actions {
        let url = format!("{}{action}", app.sandbox_url);
        assert_eq!(app.client.post(url).send().await.unwrap().status(), 303);
    }
    actions.len()
}

/// Where the buttons of the terminal's page lead.
async fn buttons(app: &TestApp, button: &str) -> Vec<String> {
    buttons_of(app, given::PLATFORM, button).await
}

/// The same of another merchant's terminal that has the same id.
async fn buttons_of(app: &TestApp, merchant: &str, button: &str) -> Vec<String> {
    let page = app.client.get(format!("{}/terminal/{merchant}/{TERMINAL}", app.sandbox_url));
    let html = Reply::of(page).await.body;
    let actions = html.split("action=\"").skip(1).filter_map(|rest| rest.split('"').next());
    actions.filter(|action| action.ends_with(button)).map(str::to_owned).collect()
}

/// The newest payment.
async fn newest(app: &TestApp) -> PaymentId {
    let read = app.gateway.store.read(|reader| reader.payments(None, 1));
    read.await.unwrap()[0].id
}

/// What the merchant has got so far.
async fn taken(app: &TestApp) -> i64 {
    use qisma_domain::account::{Account, AccountKind};
    use qisma_domain::ids::{MerchantId, Mode};
    use qisma_domain::money::Currency;
    let merchant = MerchantId::parse(given::PLATFORM).unwrap();
    let account = Account::merchant(merchant, AccountKind::Pending, Mode::Test, Currency::Tnd);
    let read = app.gateway.store.read(move |reader| reader.balance(&account));
    read.await.unwrap().posted_millimes
}

/// Arms a fault of the sandbox, for ever or for so many times.
async fn arm(app: &TestApp, fault: Value) {
    let armed = app.client.post(format!("{}/sandbox/faults", app.sandbox_url));
    assert_eq!(armed.body(fault.to_string()).send().await.unwrap().status(), 200);
}

/// Lets time pass, and the workers do what is due then.
async fn pass(app: &TestApp, secs: i64) {
    // A moment more: each change of a payment is a microsecond later than the one before.
    app.clock.advance_to(app.clock.now().plus_secs(secs).plus_micros(1_000));
    qisma::workers::expiry::step(&app.gateway).await;
    for _ in 0..3 {
        qisma::workers::inquiry::step(&app.gateway).await;
    }
}
