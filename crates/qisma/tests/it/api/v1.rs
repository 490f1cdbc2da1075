//! The older paths: the keys elsewhere, the same payments, and a `success` that means *paid*.

use qisma::operations::apps::NewApp;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::v2::paying::{decline, pay_by_wallet, start_card};
use crate::given;
use crate::test_app::{Reply, TestApp};

const GENERATE: &str = "/api/generate_payment";

/// The documented request of v1, with an app's keys.
fn request(keys: &NewApp) -> Value {
    json!({
        "app_token": keys.public_key,
        "app_secret": keys.private_key,
        "accept_card": "true",
        "amount": "30500",
        "session_timeout_secs": 1200,
        "success_link": "https://shop.example/success",
        "fail_link": "https://shop.example/fail",
        "developer_tracking_id": "order-1",
    })
}

fn generating(app: &TestApp, body: &Value) -> RequestBuilder {
    let request = app.request(Method::POST, GENERATE).body(body.to_string());
    request.header(CONTENT_TYPE, "application/json")
}

async fn generate(app: &TestApp, body: &Value) -> Reply {
    Reply::of(generating(app, body)).await
}

async fn verify(app: &TestApp, keys: &NewApp, id: &str) -> Value {
    let request = app.request(Method::GET, &format!("/api/verify_payment/{id}"));
    let request = request.header("apppublic", &keys.public_key);
    let reply = Reply::of(request.header("appsecret", &keys.private_key)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

async fn payment(app: &TestApp, keys: &NewApp) -> String {
    let reply = generate(app, &request(keys)).await;
    reply.json()["result"]["payment_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_documented_request_is_answered_in_the_documented_shape() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let reply = generate(&app, &request(&keys)).await;
    let id = reply.json()["result"]["payment_id"].as_str().unwrap().to_owned();
    let expected = format!(
        "{{\"result\":{{\"success\":true,\"payment_id\":\"{id}\",\"link\":\"{}/pay/{id}\",\
         \"developer_tracking_id\":\"order-1\"}},\"name\":\"developers\",\"code\":0,\
         \"version\":\"v1\"}}",
        app.url
    );
    assert_eq!((reply.status, reply.body), (200, expected));
}

#[tokio::test]
async fn success_is_false_until_the_payment_is_paid() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = payment(&app, &keys).await;
    let pending = verify(&app, &keys, &id).await;
    assert_eq!(
        (&pending["success"], &pending["result"]["status"]),
        (&json!(false), &json!("PENDING"))
    );
    pay_by_wallet(&app, &id).await;
    let paid = verify(&app, &keys, &id).await;
    assert_eq!((&paid["success"], &paid["result"]["status"]), (&json!(true), &json!("SUCCESS")));
}

#[tokio::test]
async fn success_is_false_of_a_payment_that_was_declined() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = payment(&app, &keys).await;
    start_card(&app, &id).await;
    decline(&app, &id, 1).await;
    assert_eq!(verify(&app, &keys, &id).await["success"], false);
}

#[tokio::test]
async fn the_result_is_that_of_v2() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = payment(&app, &keys).await;
    pay_by_wallet(&app, &id).await;
    let v2 = app.verify(&keys, &id).await.json();
    assert_eq!(verify(&app, &keys, &id).await["result"], v2["result"]);
}

#[tokio::test]
async fn wrong_keys_in_the_body_are_refused_like_no_keys() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    for wrong in [json!(null), json!(12), json!("not the key"), json!(keys.public_key)] {
        let mut body = request(&keys);
        body["app_secret"] = wrong.clone();
        assert_eq!(generate(&app, &body).await.status, 401, "{wrong}");
    }
}

#[tokio::test]
async fn the_keys_of_v2_do_not_open_v1() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = payment(&app, &keys).await;
    let path = format!("/api/verify_payment/{id}");
    let request =
        app.request(Method::GET, &path).header("authorization", crate::test_app::bearer(&keys));
    assert_eq!(Reply::of(request).await.status, 401);
}

#[tokio::test]
async fn one_idempotency_key_makes_one_payment() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let mut ids = vec![];
    for _ in 0..2 {
        let request = generating(&app, &request(&keys)).header("idempotency-key", "order-1");
        let reply = Reply::of(request).await;
        ids.push(reply.json()["result"]["payment_id"].clone());
    }
    assert_eq!((ids[0] == ids[1], app.payment_count().await), (true, 1));
}

#[tokio::test]
async fn a_strangers_payment_is_not_found() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = payment(&app, &keys).await;
    let stranger =
        given::an_app(&app.gateway, given::RECEIVERS[0], qisma_domain::ids::Mode::Test).await;
    let request = app.request(Method::GET, &format!("/api/verify_payment/{id}"));
    let request = request.header("apppublic", &stranger.public_key);
    let reply = Reply::of(request.header("appsecret", &stranger.private_key)).await;
    assert_eq!((reply.status, reply.json()["message"].clone()), (404, json!("Payment not found")));
}
