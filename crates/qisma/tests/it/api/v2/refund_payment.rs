//! `POST /api/v2/refund_payment`: the documented shapes, what is refused, and what happens twice.

use futures_util::future::join_all;
use qisma::operations::apps::NewApp;
use qisma_domain::merchant::MerchantStatus;
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::paying;
use crate::given;
use crate::test_app::{Reply, TestApp, bearer};

const PATH: &str = "/api/v2/refund_payment";
/// Refunds at once, each of 60 % of the payment.
const AT_ONCE: usize = 50;

async fn refund_keyed(app: &TestApp, keys: &NewApp, key: Option<&str>, body: &Value) -> Reply {
    let mut request = app
        .request(Method::POST, PATH)
        .header(AUTHORIZATION, bearer(keys))
        .header("content-type", "application/json")
        .body(body.to_string());
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    Reply::of(request).await
}

async fn refund(app: &TestApp, keys: &NewApp, body: &Value) -> Reply {
    refund_keyed(app, keys, None, body).await
}

/// A payment of 10 dinars that was paid by wallet, 8 for one merchant and 2 for another.
async fn paid(app: &TestApp, keys: &NewApp) -> String {
    let id = app.payment(keys, &given::a_split_request()).await;
    paying::pay_by_wallet(app, &id).await;
    id
}

async fn started() -> (TestApp, NewApp, String) {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = paid(&app, &keys).await;
    (app, keys, id)
}

#[tokio::test]
async fn a_refund_has_the_documented_shape() {
    let (app, keys, id) = started().await;
    let reply = refund(&app, &keys, &json!({ "payment_id": id })).await;
    let body = reply.json();
    let refund_id = body["result"]["refund_id"].as_str().unwrap();
    assert!(refund_id.starts_with("ref_") && refund_id.len() == 26, "{refund_id}");
    let expected = json!({
        "result": {
            "refund_id": refund_id,
            "payment_id": id,
            "amount": "10000",
            "status": "success",
            "refunded_at": "2026-11-23T10:00:00Z",
            "reversals": [
                { "destination": "1234", "amount": 8_000 },
                { "destination": "4321", "amount": 2_000 },
            ],
        },
        "status": "success",
    });
    assert_eq!((reply.status, body.clone()), (200, expected));
}

#[tokio::test]
async fn a_second_full_refund_is_refused_as_documented() {
    let (app, keys, id) = started().await;
    refund(&app, &keys, &json!({ "payment_id": id })).await;
    let reply = refund(&app, &keys, &json!({ "payment_id": id })).await;
    let expected = json!({
        "status": "error",
        "success": false,
        "result": {
            "success": false,
            "status": 409,
            "message": "Payment cannot be refunded",
            "error": "refund_not_allowed",
        },
        "message": "Payment cannot be refunded",
        "status_code": 409,
        "name": "developers",
        "code": "REFUND_NOT_ALLOWED",
        "version": "v2",
    });
    assert_eq!((reply.status, reply.json()), (409, expected));
}

#[tokio::test]
async fn what_nobody_has_paid_cannot_be_refunded() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_request()).await;
    let reply = refund(&app, &keys, &json!({ "payment_id": id })).await;
    assert_eq!((reply.status, reply.json()["code"].as_str()), (409, Some("REFUND_NOT_ALLOWED")));
}

#[tokio::test]
async fn a_refunded_payment_stays_success_and_lists_its_refunds() {
    let (app, keys, id) = started().await;
    refund(&app, &keys, &json!({ "payment_id": id, "amount": "2500" })).await;
    let partly = app.verify(&keys, &id).await.json();
    assert_eq!(partly["result"]["settlement_status"], "AVAILABLE");
    refund(&app, &keys, &json!({ "payment_id": id })).await;
    let whole = app.verify(&keys, &id).await.json();
    let result = &whole["result"];
    assert_eq!([&result["status"], &result["settlement_status"]], ["SUCCESS", "NOT_APPLICABLE"]);
    let refunds = result["details"]["refunds"].as_array().unwrap();
    let amounts: Vec<_> = refunds.iter().map(|one| one["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [2_500, 7_500]);
    assert_eq!(refunds[0]["status"], "success");
}

#[tokio::test]
async fn parts_of_a_payment_are_refunded_until_nothing_is_left() {
    let (app, keys, id) = started().await;
    for amount in [1, 3_333, 6_665] {
        let reply = refund(&app, &keys, &json!({ "payment_id": id, "amount": amount })).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    let reply = refund(&app, &keys, &json!({ "payment_id": id, "amount": 2 })).await;
    assert_eq!((reply.status, reply.refused_fields()), (409, vec!["amount".to_owned()]));
    assert_eq!(refund(&app, &keys, &json!({ "payment_id": id, "amount": 1 })).await.status, 200);
}

#[tokio::test]
async fn reversals_are_taken_as_they_were_chosen() {
    let (app, keys, id) = started().await;
    let reversals = json!([{ "destination": 4321, "amount": "1500" }]);
    let reply = refund(&app, &keys, &json!({ "payment_id": id, "reversals": reversals })).await;
    let result = &reply.json()["result"];
    assert_eq!(result["amount"], "1500");
    assert_eq!(result["reversals"], json!([{ "destination": "4321", "amount": 1_500 }]));
}

#[tokio::test]
async fn all_mistakes_are_told_at_once_and_nothing_is_written() {
    let (app, keys, id) = started().await;
    let reply = refund(
        &app,
        &keys,
        &json!({
            "amount": "10.5",
            "reversals": [
                { "destination": "x", "amount": 1 },
                { "destination": "1234", "amount": 0 },
                { "destination": "1234", "amount": 1 },
            ],
        }),
    )
    .await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.refused_fields(),
        [
            "payment_id",
            "amount",
            "reversals[0].destination",
            "reversals[1].amount",
            "reversals[2].destination",
        ]
    );
    let strangers = json!([{ "destination": "6666", "amount": 1 }]);
    let reply = refund(&app, &keys, &json!({ "payment_id": id, "reversals": strangers })).await;
    assert_eq!(
        (reply.status, reply.refused_fields()),
        (400, vec!["reversals[0].destination".to_owned()])
    );
    let verified = app.verify(&keys, &id).await.json();
    assert_eq!(verified["result"]["details"].get("refunds"), None);
}

#[tokio::test]
async fn a_strangers_payment_a_malformed_id_and_none_look_the_same() {
    let (app, _, id) = started().await;
    let stranger = given::an_app(&app.gateway, "1234", qisma_domain::ids::Mode::Test).await;
    let mut bodies = vec![];
    for id in [id.as_str(), "AAAAAAAAAAAAAAAAAAAAAA", "nonsense"] {
        let reply = refund(&app, &stranger, &json!({ "payment_id": id })).await;
        assert_eq!(reply.status, 404);
        bodies.push(reply.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn wrong_credentials_are_told_as_refunds_tell_errors() {
    let (app, keys, id) = started().await;
    let wrong = NewApp { private_key: "wrong".into(), ..keys };
    let reply = refund(&app, &wrong, &json!({ "payment_id": id })).await;
    let body = reply.json();
    assert_eq!((reply.status, body["code"].as_str()), (401, Some("CREDENTIALS_INVALID")));
    assert_eq!(body["status"], "error");
}

#[tokio::test]
async fn under_one_key_a_refund_is_made_once_and_answered_twice() {
    let (app, keys, id) = started().await;
    let body = json!({ "payment_id": id, "amount": 4_000 });
    let first = refund_keyed(&app, &keys, Some("a key"), &body).await;
    assert_eq!(first.status, 400, "a space is no character of a key");
    let first = refund_keyed(&app, &keys, Some("key-1"), &body).await;
    let spelled = json!({ "amount": "4000", "payment_id": id });
    let second = refund_keyed(&app, &keys, Some("key-1"), &spelled).await;
    assert_eq!((second.status, &second.body), (200, &first.body));
    assert_eq!(second.header("idempotent-replayed"), "true");
    assert_eq!(second.header("original-request-id"), first.header("x-request-id"));
    let other = json!({ "payment_id": id, "amount": 4_001 });
    let reused = refund_keyed(&app, &keys, Some("key-1"), &other).await;
    assert_eq!((reused.status, reused.error().as_str()), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn a_key_counts_for_each_payment_and_for_its_making() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let make = |key: &'static str| {
        app.generating(&keys, given::a_split_request().to_string()).header("idempotency-key", key)
    };
    let answer = Reply::of(make("order-1")).await.json();
    let first = answer["result"]["payment_id"].as_str().unwrap().to_owned();
    paying::pay_by_wallet(&app, &first).await;
    app.clock.advance(60);
    let second = paid(&app, &keys).await;
    for id in [first, second] {
        let reply = refund_keyed(&app, &keys, Some("order-1"), &json!({ "payment_id": id })).await;
        assert_eq!((reply.status, reply.header("idempotent-replayed")), (200, ""));
    }
}

#[tokio::test]
async fn of_fifty_refunds_of_60_percent_at_once_one_wins() {
    let (app, keys, id) = started().await;
    let body = json!({ "payment_id": id, "amount": 6_000 });
    let replies = join_all((0..AT_ONCE).map(|_| refund(&app, &keys, &body))).await;
    let won = replies.iter().filter(|reply| reply.status == 200).count();
    let lost = replies.iter().filter(|reply| reply.status == 409).count();
    assert_eq!((won, lost), (1, AT_ONCE - 1));
}

#[tokio::test]
async fn of_fifty_refunds_under_one_key_one_is_made() {
    let (app, keys, id) = started().await;
    let body = json!({ "payment_id": id, "amount": 100 });
    let all = (0..AT_ONCE).map(|_| refund_keyed(&app, &keys, Some("one"), &body));
    let mut bodies: Vec<_> = join_all(all).await.into_iter().map(|reply| reply.body).collect();
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    let refunds = app.verify(&keys, &id).await.json()["result"]["details"]["refunds"].clone();
    assert_eq!(refunds.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_suspended_merchant_still_gives_its_share_back() {
    let (app, keys, id) = started().await;
    given::set_status(&app.gateway, "1234", MerchantStatus::Suspended).await;
    let reply = refund(&app, &keys, &json!({ "payment_id": id })).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}
