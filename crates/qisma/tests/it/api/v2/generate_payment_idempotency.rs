//! `POST /api/v2/generate_payment` with an `Idempotency-Key`: one effect, one answer.

use futures_util::future::join_all;
use qisma::operations::apps::{self, NewApp};
use qisma_domain::ids::Mode;
use serde_json::{Value, json};

use crate::given;
use crate::test_app::{Reply, TestApp};

async fn send(app: &TestApp, keys: &NewApp, key: &str, body: &Value) -> Reply {
    Reply::of(app.generating(keys, body.to_string()).header("Idempotency-Key", key)).await
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_and_makes_nothing() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let first = send(&app, &keys, "k1", &given::a_split_request()).await;
    let again = send(&app, &keys, "k1", &given::a_split_request()).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.header("original-request-id"), first.header("x-request-id"));
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert_eq!(first.header("idempotent-replayed"), "");
    assert_eq!(app.payment_count().await, 1);
}

#[tokio::test]
async fn requests_that_mean_the_same_are_the_same() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let first = send(&app, &keys, "k1", &given::a_request()).await;
    let fields = json!({"amount": "10000.0000000001", "accept_card": "false", "metadata": {}});
    let again = send(&app, &keys, "\"k1\"", &given::a_request_with(&fields)).await;
    assert_eq!((again.status, again.body), (200, first.body));
}

#[tokio::test]
async fn another_request_under_the_key_is_refused() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    send(&app, &keys, "k1", &given::a_request()).await;
    for fields in [
        json!({"amount": 1}),
        json!({"accept_card": true}),
        json!({"developer_tracking_id": ""}),
        json!({"destination": [{"amount": 1, "destination": "1234"}]}),
        json!({"session_timeout_secs": 60}),
        json!({"webhook": "https://a.example/"}),
    ] {
        let reply = send(&app, &keys, "k1", &given::a_request_with(&fields)).await;
        let answer = (reply.status, reply.error());
        assert_eq!(answer, (422, "idempotency_key_reused".to_owned()), "{fields}");
    }
    assert_eq!(app.payment_count().await, 1);
}

#[tokio::test]
async fn fifty_at_once_under_one_key_make_one_payment() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let request = given::a_split_request();
    let replies = join_all((0..50).map(|_| send(&app, &keys, "k1", &request))).await;
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
    let fresh = replies.iter().filter(|reply| reply.header("idempotent-replayed").is_empty());
    assert_eq!((fresh.count(), app.payment_count().await), (1, 1));
}

#[tokio::test]
async fn a_key_outlives_the_rotation_of_the_apps_keys() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let first = send(&app, &keys, "k1", &given::a_request()).await;
    let new = apps::rotate(&app.gateway, keys.app_id, 1).await.unwrap();
    let keys = NewApp { public_key: new.public_key, private_key: new.private_key, ..keys };
    assert_eq!(send(&app, &keys, "k1", &given::a_request()).await.body, first.body);
}

#[tokio::test]
async fn a_key_counts_for_one_merchant_and_one_mode() {
    let app = TestApp::with_settings(&given::LIVE_WALLETS).await;
    let keys = given::a_platform(&app).await;
    let live = given::an_app(&app.gateway, given::PLATFORM, Mode::Live).await;
    let other = given::an_app(&app.gateway, "1234", Mode::Test).await;
    for keys in [&keys, &live, &other] {
        let reply = send(&app, keys, "k1", &given::a_request()).await;
        assert_eq!((reply.status, reply.header("idempotent-replayed")), (200, ""));
    }
    assert_eq!(app.payment_count().await, 3);
}

#[tokio::test]
async fn a_refused_request_does_not_use_up_its_key() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let refused = given::a_request_with(&json!({"amount": 0}));
    assert_eq!(send(&app, &keys, "k1", &refused).await.status, 400);
    assert_eq!(send(&app, &keys, "k1", &given::a_request()).await.status, 200);
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_refused() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    for key in ["", "\"\"", "a b", "é", &"k".repeat(256)] {
        let reply = send(&app, &keys, key, &given::a_request()).await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (400, "idempotency_key_invalid"),
            "{key}"
        );
    }
    assert_eq!(send(&app, &keys, &"k".repeat(255), &given::a_request()).await.status, 200);
}

#[tokio::test]
async fn two_keys_in_one_request_are_refused() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let request = app
        .generating(&keys, given::a_request().to_string())
        .header("Idempotency-Key", "a")
        .header("Idempotency-Key", "a");
    assert_eq!(Reply::of(request).await.error(), "idempotency_key_invalid");
}

#[tokio::test]
async fn an_answer_is_given_again_though_the_settings_have_changed_since() {
    let https = ("QISMA__LINKS__HTTPS_ONLY", "true");
    let never = ("QISMA__RAILS__WALLET__ENABLED", "never");
    let plain = given::a_request_with(&json!({"success_link": "http://shop.example/paid"}));
    let mut app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let first = send(&app, &keys, "k1", &plain).await;
    assert_eq!(first.status, 200, "{}", first.body);
    app.restart_with(&[https, never]).await;
    let again = send(&app, &keys, "k1", &plain).await;
    assert_eq!((again.status, again.body), (200, first.body));
    let other = given::a_request_with(&json!({"success_link": "http://shop.example/other"}));
    assert_eq!(send(&app, &keys, "k1", &other).await.error(), "idempotency_key_reused");
    let fresh = send(&app, &keys, "k2", &plain).await;
    assert_eq!(fresh.refused_fields(), ["success_link", "accept_card"]);
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_reported_with_the_other_mistakes() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    for (fields, expected) in [
        (json!({"amount": 0}), ["Idempotency-Key", "amount"]),
        (
            json!({"destination": [{"amount": 1, "destination": given::SUSPENDED}]}),
            ["Idempotency-Key", "destination[0].destination"],
        ),
    ] {
        let reply = send(&app, &keys, "a b", &given::a_request_with(&fields)).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "request_invalid"));
        assert_eq!(reply.refused_fields(), expected);
    }
}
