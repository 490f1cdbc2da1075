//! `GET /api/idempotency/{key}`: an answer that was lost on its way is told again, to whom it was told.

use qisma::operations::apps::NewApp;
use qisma::workers::prune;
use qisma_domain::ids::Mode;
use qisma_domain::limits::IDEMPOTENCY_RETENTION_SECS;
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::v2::paying;
use crate::given;
use crate::test_app::{Reply, TestApp, bearer};

const UNKNOWN: &str = "AAAAAAAAAAAAAAAAAAAAAA";

async fn ask(app: &TestApp, keys: &NewApp, path: &str) -> Reply {
    let path = format!("/api/idempotency/{path}");
    Reply::of(app.request(Method::GET, &path).header(AUTHORIZATION, bearer(keys))).await
}

async fn make(app: &TestApp, keys: &NewApp, key: &str, body: &Value) -> Reply {
    Reply::of(app.generating(keys, body.to_string()).header("Idempotency-Key", key)).await
}

async fn refund(app: &TestApp, keys: &NewApp, key: &str, body: &Value) -> Reply {
    let request = app
        .request(Method::POST, "/api/v2/refund_payment")
        .header(AUTHORIZATION, bearer(keys))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(body.to_string());
    Reply::of(request).await
}

fn assert_is_told_again(lost: &Reply, first: &Reply) {
    assert_eq!((lost.status, &lost.body), (first.status, &first.body));
    assert_eq!(lost.header("content-type"), first.header("content-type"));
    assert_eq!(lost.header("idempotent-replayed"), "true");
    assert_eq!(lost.header("original-request-id"), first.header("x-request-id"));
}

#[tokio::test]
async fn the_answer_of_a_payment_that_was_made_is_told_again() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let body = given::a_request_with(&json!({"developer_tracking_id": "é \" 42"}));
    let first = make(&app, &keys, "order-1", &body).await;
    assert_is_told_again(&ask(&app, &keys, "order-1").await, &first);
    assert_eq!(app.payment_count().await, 1);
}

#[tokio::test]
async fn the_answer_of_the_older_path_is_told_in_its_own_words() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let mut body = given::a_request();
    (body["app_token"], body["app_secret"]) =
        (keys.public_key.clone().into(), keys.private_key.clone().into());
    let request = app.request(Method::POST, "/api/generate_payment");
    let request = request.header("content-type", "application/json").body(body.to_string());
    let first = Reply::of(request.header("Idempotency-Key", "order-1")).await;
    assert_eq!(first.json()["version"], "v1");
    assert_is_told_again(&ask(&app, &keys, "order-1").await, &first);
}

#[tokio::test]
async fn the_answer_of_a_refund_is_told_again_for_its_payment() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_split_request()).await;
    paying::pay_by_wallet(&app, &id).await;
    let body = json!({ "payment_id": id, "amount": 4_000 });
    let first = refund(&app, &keys, "back-1", &body).await;
    assert_eq!(first.status, 200, "{}", first.body);
    refund(&app, &keys, "back-2", &body).await;
    let lost = ask(&app, &keys, &format!("back-1?payment_id={id}")).await;
    assert_is_told_again(&lost, &first);
    assert_eq!(ask(&app, &keys, "back-1").await.status, 404);
}

#[tokio::test]
async fn a_key_is_written_in_the_path_as_urls_are() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let first = make(&app, &keys, "a/b?c%#", &given::a_request()).await;
    let spellings = ["a%2Fb%3Fc%25%23", "%22a%2Fb%3Fc%25%23%22", "a%2Fb%3Fc%25%23?payment_id="];
    for spelling in spellings {
        assert_is_told_again(&ask(&app, &keys, spelling).await, &first);
    }
}

#[tokio::test]
async fn keys_of_nobody_of_others_and_what_is_no_key_look_the_same() {
    let app = TestApp::with_settings(&given::LIVE_WALLETS).await;
    let keys = given::a_platform(&app).await;
    let stranger = given::an_app(&app.gateway, "1234", Mode::Test).await;
    let live = given::an_app(&app.gateway, given::PLATFORM, Mode::Live).await;
    make(&app, &keys, "order-1", &given::a_request()).await;
    let id = app.payment(&keys, &given::a_split_request()).await;
    paying::pay_by_wallet(&app, &id).await;
    refund(&app, &keys, "back-1", &json!({ "payment_id": id })).await;
    let of_refund = format!("back-1?payment_id={id}");
    let mut bodies = vec![];
    for (keys, path) in [
        (&keys, "order-2".to_owned()),
        (&keys, "x".repeat(256)),
        (&keys, "a%20b".to_owned()),
        (&keys, "%FF".to_owned()),
        (&keys, format!("order-1?payment_id={id}")),
        (&keys, format!("back-1?payment_id={UNKNOWN}")),
        (&keys, "back-1?payment_id=nonsense".to_owned()),
        (&stranger, "order-1".to_owned()),
        (&stranger, of_refund.clone()),
        (&live, "order-1".to_owned()),
        (&live, of_refund),
    ] {
        let reply = ask(&app, keys, &path).await;
        let answer = (reply.status, reply.error());
        assert_eq!(answer, (404, "idempotency_key_not_found".to_owned()), "{path}");
        bodies.push(reply.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn of_a_request_that_was_refused_nothing_is_kept() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let refused = given::a_request_with(&json!({"amount": 0}));
    assert_eq!(make(&app, &keys, "order-1", &refused).await.status, 400);
    assert_eq!(ask(&app, &keys, "order-1").await.status, 404);
}

#[tokio::test]
async fn an_answer_is_kept_for_30_days_and_then_forgotten() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    make(&app, &keys, "order-1", &given::a_request()).await;
    app.clock.advance(IDEMPOTENCY_RETENTION_SECS);
    prune::step(&app.gateway).await;
    assert_eq!(ask(&app, &keys, "order-1").await.status, 200);
    app.clock.advance(1);
    prune::step(&app.gateway).await;
    assert_eq!(ask(&app, &keys, "order-1").await.status, 404);
}
