//! What is somebody else's, what is nobody's and what is no id look the same, whatever is asked of it.

use qisma::operations::apps::NewApp;
use qisma_domain::ids::Mode;
use reqwest::Method;
use serde_json::{Value, json};

use super::openapi::operations;
use super::v2::paying;
use crate::given;
use crate::test_app::{Reply, TestApp, bearer};

const UNKNOWN: &str = "AZ3_2p7QAbCdEfGhIjKlMg";

/// Every documented operation on a payment: in its path, its query or its body.
fn operations_on_payments() -> Vec<(Method, String)> {
    let names = |operation: &Value, place: &str| {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        parameters.iter().any(|one| one["name"] == "payment_id" && one["in"] == place)
    };
    let mut found = vec![];
    for (method, path, operation) in operations() {
        if path.contains("{payment_id}") || takes_payment_in_body(&operation) {
            found.push((method, path));
        } else if names(&operation, "query") {
            found.push((method, format!("{path}?payment_id={{payment_id}}").replace("{key}", "k")));
        }
    }
    found
}

fn takes_payment_in_body(operation: &Value) -> bool {
    let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let Some(name) = body.as_str().and_then(|path| path.rsplit('/').next()) else { return false };
    let document: Value = serde_json::from_str(&qisma::http::openapi::document()).unwrap();
    document["components"]["schemas"][name]["properties"].get("payment_id").is_some()
}

async fn ask(app: &TestApp, keys: &NewApp, (method, path): &(Method, String), id: &str) -> Reply {
    let request = app
        .request(method.clone(), &path.replace("{payment_id}", id))
        .header("authorization", bearer(keys))
        .header("apppublic", &keys.public_key)
        .header("appsecret", &keys.private_key);
    if *method == Method::GET {
        return Reply::of(request).await;
    }
    let body = json!({ "payment_id": id }).to_string();
    Reply::of(request.header("content-type", "application/json").body(body)).await
}

#[test]
fn there_are_operations_on_payments() {
    let paths: Vec<String> = operations_on_payments().into_iter().map(|(_, path)| path).collect();
    for path in [
        "/api/v2/verify_payment/{payment_id}",
        "/api/v2/refund_payment",
        "/api/verify_payment/{payment_id}",
        "/api/idempotency/k?payment_id={payment_id}",
    ] {
        assert!(paths.iter().any(|other| other == path), "{path}: {paths:?}");
    }
}

#[tokio::test]
async fn payments_of_others_of_nobody_and_what_is_no_id_get_the_same_answer() {
    let app = TestApp::with_settings(&given::LIVE_WALLETS).await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_split_request()).await;
    paying::pay_by_wallet(&app, &id).await;
    let receiver = given::an_app(&app.gateway, given::RECEIVERS[0], Mode::Test).await;
    let live = given::an_app(&app.gateway, given::PLATFORM, Mode::Live).await;
    for operation in operations_on_payments() {
        let asked = [
            ask(&app, &keys, &operation, UNKNOWN).await,
            ask(&app, &keys, &operation, &id.to_lowercase()).await,
            ask(&app, &keys, &operation, "nonsense").await,
            ask(&app, &receiver, &operation, &id).await,
            ask(&app, &live, &operation, &id).await,
        ];
        let seen = |reply: &Reply| {
            let mut names: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
            names.sort();
            (reply.status, names, reply.body.clone())
        };
        let first = seen(&asked[0]);
        assert_eq!(first.0, 404, "{operation:?}: {}", first.2);
        assert!(asked.iter().all(|reply| seen(reply) == first), "{operation:?}");
        assert!(!first.2.contains(UNKNOWN) && !first.2.contains(&id), "{}", first.2);
    }
}

#[tokio::test]
async fn pages_of_nobodys_payment_and_of_what_is_no_id_are_the_same() {
    let app = TestApp::start().await;
    let unknown = Reply::of(app.request(Method::GET, &format!("/pay/{UNKNOWN}"))).await;
    let malformed = Reply::of(app.request(Method::GET, "/pay/nonsense")).await;
    assert_eq!((unknown.status, unknown.body), (404, malformed.body));
}
