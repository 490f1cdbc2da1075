//! `GET /api/v2/verify_payment/{payment_id}`: each way a payment can stand, word for word.

use qisma_domain::ids::Mode;
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::payment::Canceler;
use serde_json::{Value, json};

use super::paying::{cancel, decline, pay_by_card, pay_by_wallet, start_card, start_wallet};
use crate::given;
use crate::test_app::TestApp;

/// `result` of a payment, which must be found.
async fn result(app: &TestApp, keys: &qisma::operations::apps::NewApp, id: &str) -> Value {
    let reply = app.verify(keys, id).await;
    assert_eq!((reply.status, reply.json()["success"].as_bool()), (200, Some(true)));
    reply.json()["result"].clone()
}

/// Type, status, settlement and reason: what most tests are about.
fn gist(result: &Value) -> [Value; 4] {
    let details = &result["details"];
    [&result["type"], &result["status"], &result["settlement_status"], &details["reason"]]
        .map(Clone::clone)
}

#[tokio::test]
async fn a_fresh_payment_is_pending_and_shown_in_the_documented_order() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_request()).await;
    assert_eq!(
        app.verify(&keys, &id).await.body,
        "{\"success\":true,\"result\":{\"type\":\"online\",\"amount\":10000,\
         \"status\":\"PENDING\",\"details\":{\"order_number\":\"\",\"name\":\"\",\"pan\":\"\",\
         \"payment_system\":\"\",\"expiration\":\"\",\"approval_code\":\"\",\"currency\":\"788\",\
         \"phone_number\":\"\",\"email\":\"\",\"bank_country_code\":\"\",\"destinations\":[]},\
         \"developer_tracking_id\":null,\"settlement_status\":\"NOT_APPLICABLE\"},\
         \"status_code\":200,\"name\":\"developers\",\"code\":0,\"version\":\"2.0.0\"}"
    );
}

#[tokio::test]
async fn the_legs_of_the_request_are_listed_in_order_without_the_callers_rest() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let destination = json!([
        {"amount": "10", "destination": 4321},
        {"amount": 20, "destination": "1234"},
        {"amount": 30, "destination": given::PLATFORM},
    ]);
    let request = given::a_request_with(&json!({"destination": destination}));
    let id = app.payment(&keys, &request).await;
    assert_eq!(
        result(&app, &keys, &id).await["details"]["destinations"],
        json!([
            {"amount": 10, "destination": "4321", "credited_to": null},
            {"amount": 20, "destination": "1234", "credited_to": null},
            {"amount": 30, "destination": "1000", "credited_to": null},
        ])
    );
}

#[tokio::test]
async fn a_payment_paid_by_card_shows_the_card_and_settles_later() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let mut request = given::a_split_request();
    request["accept_card"] = json!(true);
    request["developer_tracking_id"] = json!("order-1");
    let id = app.payment(&keys, &request).await;
    pay_by_card(&app, &id).await;
    assert_eq!(
        result(&app, &keys, &id).await,
        json!({
            "type": "card", "amount": 10_000, "status": "SUCCESS",
            "details": {
                "order_number": format!("{id}-1"), "name": "FOULEN BEN FOULEN",
                "pan": "450921**1119", "payment_system": "VISA", "expiration": "202612",
                "approval_code": "182848", "currency": "788", "phone_number": "", "email": "",
                "bank_country_code": "TN",
                "destinations": [
                    {"amount": 8_000, "destination": "1234", "credited_to": "pending"},
                    {"amount": 2_000, "destination": "4321", "credited_to": "pending"},
                ],
            },
            "developer_tracking_id": "order-1", "settlement_status": "PROCESSING",
        })
    );
}

#[tokio::test]
async fn a_payment_paid_by_wallet_is_available_and_hides_the_phone() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_split_request()).await;
    pay_by_wallet(&app, &id).await;
    let shown = result(&app, &keys, &id).await;
    assert_eq!(gist(&shown), [json!("wallet"), json!("SUCCESS"), json!("AVAILABLE"), Value::Null]);
    assert_eq!(shown["details"]["phone_number"], "** *** *55");
    assert_eq!(shown["details"]["destinations"][0]["credited_to"], "available");
}

#[tokio::test]
async fn a_share_that_its_merchant_could_not_receive_is_shown_as_parked() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_split_request()).await;
    given::set_status(&app.gateway, "4321", MerchantStatus::Suspended).await;
    pay_by_wallet(&app, &id).await;
    let legs = result(&app, &keys, &id).await["details"]["destinations"].clone();
    let accounts = [&legs[0]["credited_to"], &legs[1]["credited_to"]];
    assert_eq!(accounts, [&json!("available"), &json!("parked")]);
}

#[tokio::test]
async fn a_payment_is_pending_while_an_attempt_is_open_and_after_a_decline() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let request = given::a_request_with(&json!({"accept_card": true}));
    let id = app.payment(&keys, &request).await;
    start_card(&app, &id).await;
    let pending = [json!("card"), json!("PENDING"), json!("NOT_APPLICABLE"), Value::Null];
    assert_eq!(gist(&result(&app, &keys, &id).await), pending);
    decline(&app, &id, 1).await;
    assert_eq!(gist(&result(&app, &keys, &id).await), pending);
}

#[tokio::test]
async fn a_payment_whose_attempts_are_used_up_has_failed_and_says_why() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let request = given::a_request_with(&json!({"accept_card": true}));
    let id = app.payment(&keys, &request).await;
    for number in 1..=5 {
        start_card(&app, &id).await;
        decline(&app, &id, number).await;
    }
    let shown = result(&app, &keys, &id).await;
    let failed = [json!("card"), json!("FAILURE"), json!("NOT_APPLICABLE"), json!("declined")];
    assert_eq!(gist(&shown), failed);
    assert_eq!(shown["details"]["decline_class"], "insufficient_funds");
}

#[tokio::test]
async fn a_payment_that_was_called_off_has_failed_and_says_by_whom() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    for (by, reason) in
        [(Canceler::Payer, "canceled_by_payer"), (Canceler::Merchant, "canceled_by_merchant")]
    {
        let id = app.payment(&keys, &given::a_request()).await;
        cancel(&app, &id, by).await;
        let shown = gist(&result(&app, &keys, &id).await);
        assert_eq!([&shown[1], &shown[3]], [&json!("FAILURE"), &json!(reason)]);
    }
}

#[tokio::test]
async fn a_payment_whose_time_is_over_is_expired_from_that_moment_on() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_request()).await;
    start_wallet(&app, &id).await;
    app.clock.advance(1_199);
    assert_eq!(result(&app, &keys, &id).await["status"], "PENDING");
    app.clock.advance(1);
    let shown = gist(&result(&app, &keys, &id).await);
    assert_eq!(
        shown,
        [json!("wallet"), json!("EXPIRED"), json!("NOT_APPLICABLE"), json!("expired")]
    );
}

#[tokio::test]
async fn a_payment_at_the_bank_is_pending_until_the_bank_has_spoken() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let request = given::a_request_with(&json!({"accept_card": true}));
    let id = app.payment(&keys, &request).await;
    start_card(&app, &id).await;
    app.clock.advance(1_200);
    assert_eq!(result(&app, &keys, &id).await["status"], "PENDING");
}

#[tokio::test]
async fn what_is_not_the_callers_is_not_there_byte_for_byte() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let foreign = given::an_app(&app.gateway, "1234", Mode::Test).await;
    let id = app.payment(&foreign, &given::a_request()).await;
    let unknown = app.verify(&keys, "AAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!((unknown.status, unknown.error().as_str()), (404, "payment_not_found"));
    assert_eq!(unknown.json()["message"], "Payment not found");
    let long = "A".repeat(4_000);
    for id in [&id, "x", "..%2fadmin", "%00", "%ff", "AAAAAAAAAAAAAAAAAAAAAB", "é", &long] {
        let reply = app.verify(&keys, id).await;
        assert_eq!((reply.status, &reply.body), (404, &unknown.body), "{id}");
    }
}

#[tokio::test]
async fn an_empty_get_may_say_that_it_is_json() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_request()).await;
    let request = app
        .request(reqwest::Method::GET, &format!("/api/v2/verify_payment/{id}"))
        .header("authorization", crate::test_app::bearer(&keys))
        .header("content-type", "application/json");
    assert_eq!(crate::test_app::Reply::of(request).await.status, 200);
}

#[tokio::test]
async fn an_app_that_asks_too_often_hears_when_to_come_back() {
    let app = TestApp::with_settings(&[("QISMA__HTTP__VERIFY_PER_MINUTE_MAX", "2")]).await;
    let keys = given::a_platform(&app).await;
    let other = given::an_app(&app.gateway, "1234", Mode::Test).await;
    for _ in 0..2 {
        assert_eq!(app.verify(&keys, "x").await.status, 404);
    }
    let reply = app.verify(&keys, "x").await;
    assert_eq!((reply.status, reply.error().as_str()), (429, "rate_limited"));
    assert_eq!(reply.header("retry-after"), "30");
    assert_eq!(app.verify(&other, "x").await.status, 404);
    app.clock.advance(30);
    assert_eq!(app.verify(&keys, "x").await.status, 404);
}

#[tokio::test]
async fn what_is_no_id_is_answered_like_an_unknown_payment() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let unknown = app.verify(&keys, "AAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!(unknown.status, 404);
    for id in ["", "/", "//", "/a", "a/", "a/b", "a//b", "a/b/c/", "AAAAAAAAAAAAAAAAAAAAAA/"] {
        let reply = app.verify(&keys, id).await;
        assert_eq!((reply.status, &reply.body), (404, &unknown.body), "{id:?}");
    }
}
