//! `POST /api/v2/generate_payment`: what is refused, and in which words.

use qisma_domain::ids::Mode;
use serde_json::{Value, json};

use crate::given;
use crate::test_app::{Reply, TestApp};

/// Each request must be refused for exactly these fields, and nothing may be made.
async fn check_refused(cases: &[(Value, &[&str])]) {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    for (fields, refused) in cases {
        let reply = app.generate(&keys, &given::a_request_with(fields)).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "request_invalid"), "{fields}");
        assert_eq!(&reply.refused_fields(), refused, "{fields}: {}", reply.body);
    }
    assert_eq!(app.payment_count().await, 0);
}

/// A field, refused in each of these forms.
async fn check_forms(field: &str, forms: &[Value]) {
    let refused = [field];
    let cases: Vec<_> =
        forms.iter().map(|form| (json!({ field: form }), refused.as_slice())).collect();
    check_refused(&cases).await;
}

fn leg(amount: impl Into<Value>, destination: impl Into<Value>) -> Value {
    json!({"amount": amount.into(), "destination": destination.into()})
}

#[tokio::test]
async fn a_refusal_has_the_documented_body() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let reply = app.generate(&keys, &given::a_request_with(&json!({"amount": 0}))).await;
    let message = "The request has mistakes. amount: the amount must be at least 1 millime.";
    let mistake = json!({"field": "amount", "message": "the amount must be at least 1 millime"});
    assert_eq!(
        reply.json(),
        json!({
            "success": false,
            "result": {
                "success": false, "status": 400, "message": message, "error": "request_invalid",
                "errors": [mistake],
            },
            "message": message, "status_code": 400, "name": "developers", "code": 1,
            "version": "v2",
        })
    );
}

#[tokio::test]
async fn amounts_that_cannot_be_meant_are_refused() {
    let forms = [
        json!(0),
        json!(-1),
        json!(10.5),
        json!(true),
        Value::Null,
        json!(""),
        json!("1,000"),
        json!("١٠٠٠"),
        json!(" 1000"),
        json!("+1000"),
        json!([1000]),
        json!({}),
        json!(1_000_000_000_000_i64),
        json!(i64::MAX),
    ];
    check_forms("amount", &forms).await;
}

#[tokio::test]
async fn an_absent_link_is_refused() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let reply = app.generate(&keys, &json!({"amount": 1000})).await;
    assert_eq!(reply.refused_fields(), ["success_link", "fail_link"]);
}

#[tokio::test]
async fn links_that_lead_nowhere_or_elsewhere_are_refused() {
    let forms = [
        json!("javascript:alert(1)"),
        json!("//evil.example"),
        json!("https:\\\\evil.example"),
        json!("/thanks"),
        json!("https://user:password@shop.example/"),
        json!("https://shop.example/\r\nSet-Cookie: a=b"),
        json!("https://shop.example/?payment_id=1"),
        json!(format!("https://shop.example/{}", "a".repeat(2_048))),
        json!(5),
    ];
    check_forms("success_link", &forms).await;
    check_forms("fail_link", &forms).await;
    check_forms("webhook", &forms).await;
}

#[tokio::test]
async fn http_links_are_refused_where_the_settings_say_so() {
    let app = TestApp::with_settings(&[("QISMA__LINKS__HTTPS_ONLY", "true")]).await;
    let keys = given::a_platform(&app).await;
    let fields = json!({"success_link": "http://shop.example/", "webhook": "http://shop.example/"});
    let reply = app.generate(&keys, &given::a_request_with(&fields)).await;
    assert_eq!(reply.refused_fields(), ["success_link", "webhook"]);
}

#[tokio::test]
async fn switches_numbers_and_texts_of_another_kind_are_refused() {
    check_forms("accept_card", &[json!("yes"), json!(2), json!([]), json!("True")]).await;
    check_forms("developer_tracking_id", &[json!(1), json!({}), json!("é".repeat(513))]).await;
    check_forms("image_url", &[json!(1), json!("https://"), json!("https://a.example/\t")]).await;
    let secs = [json!(59), json!(86_401), json!(60.5), json!("1e3"), json!(-60), json!(true)];
    check_forms("session_timeout_secs", &secs).await;
}

#[tokio::test]
async fn a_split_of_another_form_is_refused() {
    check_refused(&[
        (json!({"destination": {"amount": 1, "destination": "1234"}}), &["destination"]),
        (json!({"destination": ["1234"]}), &["destination[0]"]),
        (json!({"destination": [{}]}), &["destination[0].amount", "destination[0].destination"]),
        (json!({"destination": [leg(0, "1234")]}), &["destination[0].amount"]),
        (json!({"destination": [leg(10.5, "1234")]}), &["destination[0].amount"]),
        (json!({"destination": [leg("1e3", "1234")]}), &["destination[0].amount"]),
        (json!({"destination": [leg(-1, "1234")]}), &["destination[0].amount"]),
        (json!({"destination": [leg(1, "12a4")]}), &["destination[0].destination"]),
        (json!({"destination": [leg(1, 1234.5)]}), &["destination[0].destination"]),
        (json!({"destination": [leg(1, true)]}), &["destination[0].destination"]),
    ])
    .await;
}

#[tokio::test]
async fn destinations_that_cannot_receive_are_refused_in_the_same_words() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let legs = json!([leg(1, given::SUSPENDED), leg(1, "1234"), leg(1, "9999")]);
    let reply = app.generate(&keys, &given::a_request_with(&json!({"destination": legs}))).await;
    assert_eq!(
        reply.refused_fields(),
        ["destination[0].destination", "destination[2].destination"]
    );
    let errors = reply.json()["result"]["errors"].clone();
    assert_eq!(errors[0]["message"], errors[1]["message"]);
}

#[tokio::test]
async fn a_destination_named_twice_is_refused_in_every_spelling() {
    check_refused(&[
        (json!({"destination": [leg(1, "1234"), leg(1, 1234)]}), &["destination[1].destination"]),
        (
            json!({"destination": [leg(1, "1234"), leg(1, "01234")]}),
            &["destination[1].destination", "destination[1].destination"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_split_of_more_than_the_amount_is_refused() {
    check_refused(&[(
        json!({"destination": [leg(8_000, "1234"), leg(2_001, "4321")]}),
        &["destination"],
    )])
    .await;
}

#[tokio::test]
async fn more_destinations_than_allowed_are_refused() {
    let legs: Vec<_> = (0..51).map(|id| leg(1, 2_000 + id)).collect();
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let reply = app.generate(&keys, &given::a_request_with(&json!({"destination": legs}))).await;
    assert_eq!((reply.status, reply.refused_fields()[0].as_str()), (400, "destination"));
}

#[tokio::test]
async fn all_mistakes_are_reported_at_once_and_always_in_the_same_order() {
    let fields = json!({
        "destination": [leg(0, "1234"), leg(1, "9999"), leg(1, "9999"), leg(1, "x")],
        "session_timeout_secs": 1, "accept_card": "maybe", "developer_tracking_id": 5,
        "webhook": "x", "fail_link": "", "success_link": "ftp://a.example", "amount": "12,5",
        "pre_authorization": "perhaps", "binding_id": "b c",
    });
    check_refused(&[(
        fields,
        &[
            "amount",
            "success_link",
            "fail_link",
            "webhook",
            "developer_tracking_id",
            "accept_card",
            "session_timeout_secs",
            "pre_authorization",
            "destination[0].amount",
            "destination[3].destination",
            "binding_id",
            "client_id",
            "cvc",
            "destination[2].destination",
            "destination[1].destination",
            "destination[2].destination",
        ],
    )])
    .await;
}

#[tokio::test]
async fn a_mistake_in_a_leg_hides_no_other_mistake_of_the_split() {
    let legs = json!([leg(0, "9999"), leg(20_000, "x"), leg("y", "1234"), leg(1, "01234")]);
    check_refused(&[(
        json!({"destination": legs}),
        &[
            "destination[0].amount",
            "destination[1].destination",
            "destination[2].amount",
            "destination[3].destination",
            "destination[3].destination",
            "destination",
            "destination[0].destination",
        ],
    )])
    .await;
}

#[tokio::test]
async fn no_refusal_repeats_what_was_sent() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let fields = json!({
        "amount": "CANARY", "success_link": "CANARY", "webhook": "https://u:CANARY@a.example/",
        "session_timeout_secs": "CANARY", "accept_card": "CANARY",
        "destination": [leg("CANARY", "CANARY"), leg(1, 777_777), leg(1, "777777")],
    });
    let reply = app.generate(&keys, &given::a_request_with(&fields)).await;
    assert_eq!(reply.status, 400);
    assert!(!reply.body.contains("CANARY"), "{}", reply.body);
    assert!(!reply.body.contains("777777"), "{}", reply.body);
}

#[tokio::test]
async fn a_payment_that_nobody_could_pay_is_refused() {
    let app = TestApp::with_settings(&[("QISMA__RAILS__WALLET__ENABLED", "never")]).await;
    let keys = given::a_platform(&app).await;
    let reply = app.generate(&keys, &given::a_request()).await;
    assert_eq!(reply.refused_fields(), ["accept_card"]);
    let reply = app.generate(&keys, &given::a_request_with(&json!({"accept_card": true}))).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_payment_is_refused_where_no_acquirer_is_set_up_and_nobody_carries_codes() {
    let app = TestApp::with_settings(&[("QISMA__RAILS__WALLET__ENABLED", "always")]).await;
    given::a_platform(&app).await;
    let keys = given::an_app(&app.gateway, given::PLATFORM, Mode::Live).await;
    for accept_card in [true, false] {
        let fields = json!({"accept_card": accept_card});
        let reply = app.generate(&keys, &given::a_request_with(&fields)).await;
        assert_eq!(reply.refused_fields(), ["accept_card"], "{accept_card}");
    }
}

#[tokio::test]
async fn to_accept_cards_is_a_permission_where_a_wallet_is_offered() {
    let app = TestApp::with_settings(&given::LIVE_WALLETS).await;
    given::a_platform(&app).await;
    let keys = given::an_app(&app.gateway, given::PLATFORM, Mode::Live).await;
    for accept_card in [true, false] {
        let fields = json!({"accept_card": accept_card});
        let reply = app.generate(&keys, &given::a_request_with(&fields)).await;
        assert_eq!(reply.status, 200, "{accept_card}");
    }
}

#[tokio::test]
async fn a_get_of_the_path_makes_nothing() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let request = app
        .request(reqwest::Method::GET, "/api/v2/generate_payment")
        .header("authorization", crate::test_app::bearer(&keys));
    let reply = Reply::of(request).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "POST"));
}
