//! `/api/business`: QR codes, with an API key.

mod access;
mod custom_qr_code;
mod decoders;
mod transactions;

use qisma::operations::api_keys::{self, NewApiKey};
use qisma_domain::ids::{MerchantId, Mode};
use reqwest::Method;

use crate::given;
use crate::test_app::{Reply, TestApp};

const GENERATE: &str = "/api/business/generate_custom_qr_code";
const STATUS: &str = "/api/business/custom_transaction/status";
const HISTORY: &str = "/api/business/custom_transaction/history";
/// The documented merchant.
const MERCHANT: &str = "1000";
const OPERATION: &str = "7c0e2f5e-6a0f-4c06-9f0b-2f8f3f3f9a10";

/// A gateway, and an API key of its platform in test mode.
async fn a_holder() -> (TestApp, NewApiKey) {
    let app = TestApp::start().await;
    given::a_platform(&app).await;
    let key = a_key(&app, MERCHANT, Mode::Test).await;
    (app, key)
}

async fn a_key(app: &TestApp, merchant: &str, mode: Mode) -> NewApiKey {
    let merchant = MerchantId::parse(merchant).unwrap();
    api_keys::create(&app.gateway, merchant, mode, None).await.unwrap()
}

/// Asks with an API key.
async fn ask(app: &TestApp, key: &NewApiKey, path: &str) -> Reply {
    let request = app.request(Method::GET, path);
    Reply::of(request.header("authorization", format!("Api-Key {}", key.api_key))).await
}

/// The documented request for an operation.
fn generate(operation: &str, amount_millimes: i64) -> String {
    format!(
        "{GENERATE}?amount_in_millimes={amount_millimes}&merchant_id={MERCHANT}\
         &operation_uuid={operation}&barcode=false"
    )
}

async fn status(app: &TestApp, key: &NewApiKey, operation: &str) -> Reply {
    ask(app, key, &format!("{STATUS}?operation_uuid={operation}")).await
}
