//! `POST /api/v2/generate_payment`: what is granted, in every form that clients send.

use serde_json::{Value, json};

use crate::given;
use crate::test_app::{Reply, TestApp};

/// The payment that a request makes, as it is stored.
async fn made(app: &TestApp, fields: Value) -> qisma_domain::payment::Payment {
    let keys = given::a_platform(app).await;
    let id = app.payment(&keys, &given::a_request_with(&fields)).await;
    stored(app, &id).await
}

async fn stored(app: &TestApp, id: &str) -> qisma_domain::payment::Payment {
    let id = qisma_domain::ids::PaymentId::parse(id).unwrap();
    let read = app.gateway.store.read(move |reader| reader.payment_by_link(&id));
    read.await.unwrap().unwrap().payment
}

/// Sends the least request with `"amount": TEXT` and expects that many millimes.
async fn check_amount(text: &str, millimes: i64) {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let body =
        given::a_request().to_string().replace("\"amount\":10000", &format!("\"amount\":{text}"));
    let reply = Reply::of(app.generating(&keys, body)).await;
    assert_eq!(reply.status, 200, "{text}: {}", reply.body);
    let id = reply.json()["result"]["payment_id"].as_str().unwrap().to_owned();
    assert_eq!(stored(&app, &id).await.amount.millimes(), millimes, "{text}");
}

#[tokio::test]
async fn the_answer_has_the_documented_members_and_no_other() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let request = given::a_request_with(&json!({"developer_tracking_id": "order-1"}));
    let reply = app.generate(&keys, &request).await;
    let id = reply.json()["result"]["payment_id"].as_str().unwrap().to_owned();
    assert_eq!((reply.status, id.len()), (200, 22));
    assert_eq!(
        reply.body,
        format!(
            "{{\"result\":{{\"success\":true,\"payment_id\":\"{id}\",\"link\":\"{}/pay/{id}\",\
             \"developer_tracking_id\":\"order-1\"}},\"name\":\"developers\",\"code\":0,\
             \"version\":\"v2\"}}",
            app.url
        )
    );
    assert_eq!(reply.header("content-type"), "application/json");
}

#[tokio::test]
async fn the_documented_split_is_kept_in_its_order() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_split_request()).await;
    let legs = stored(&app, &id).await.legs;
    let legs: Vec<_> =
        legs.iter().map(|leg| (leg.destination.to_string(), leg.amount.millimes())).collect();
    assert_eq!(legs, [("1234".to_owned(), 8_000), ("4321".to_owned(), 2_000)]);
}

#[tokio::test]
async fn what_no_destination_asks_for_goes_to_the_caller() {
    let app = TestApp::start().await;
    let payment = made(&app, json!({"destination": [{"amount": 1, "destination": "1234"}]})).await;
    let rest = payment.legs.last().unwrap();
    assert_eq!((rest.destination.to_string().as_str(), rest.amount.millimes()), ("1000", 9_999));
}

#[tokio::test]
async fn an_amount_may_be_a_text_of_digits() {
    check_amount("\"40300\"", 40_300).await;
}

#[tokio::test]
async fn an_amount_may_carry_the_noise_of_a_float() {
    check_amount("1004.9999999999999", 1_005).await;
}

#[tokio::test]
async fn an_amount_may_have_an_exponent() {
    check_amount("1.25e4", 12_500).await;
}

#[tokio::test]
async fn the_smallest_and_the_largest_amount_are_granted() {
    check_amount("1", 1).await;
    check_amount("999999999999", 999_999_999_999).await;
}

#[tokio::test]
async fn ids_and_amounts_of_destinations_may_be_numbers_or_texts() {
    let app = TestApp::start().await;
    let destination = json!([
        {"amount": "8000", "destination": 1234},
        {"amount": 2_000, "destination": "4321"},
    ]);
    let payment = made(&app, json!({"destination": destination})).await;
    assert_eq!(payment.legs.len(), 2);
}

#[tokio::test]
async fn optional_fields_of_null_or_nothing_count_as_absent() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    for nothing in [Value::Null, json!("")] {
        let fields = json!({
            "webhook": nothing, "accept_card": nothing, "image_url": nothing,
            "session_timeout_secs": nothing, "destination": nothing, "pre_authorization": nothing,
            "client_id": nothing, "binding_id": nothing,
        });
        let id = app.payment(&keys, &given::a_request_with(&fields)).await;
        let payment = stored(&app, &id).await;
        assert_eq!((payment.webhook, payment.image_url, payment.accept_card), (None, None, false));
        assert_eq!(payment.expires_at, payment.created_at.plus_secs(1_200));
    }
}

#[tokio::test]
async fn a_switch_may_be_a_text_or_a_number() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    for (sent, meant) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(1), true),
        (json!(false), false),
        (json!("false"), false),
        (json!(0), false),
    ] {
        let id = app.payment(&keys, &given::a_request_with(&json!({"accept_card": sent}))).await;
        assert_eq!(stored(&app, &id).await.accept_card, meant, "{sent}");
    }
}

#[tokio::test]
async fn an_empty_split_is_no_split() {
    let app = TestApp::start().await;
    let payment = made(&app, json!({"destination": []})).await;
    assert_eq!(payment.legs.len(), 1);
}

#[tokio::test]
async fn the_tracking_id_is_echoed_as_it_was_sent() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    for sent in [json!(""), json!("order 1 \u{202e}é"), Value::Null] {
        let request = given::a_request_with(&json!({"developer_tracking_id": sent}));
        let reply = app.generate(&keys, &request).await;
        assert_eq!(reply.json()["result"]["developer_tracking_id"], sent);
    }
}

#[tokio::test]
async fn one_tracking_id_may_name_many_payments() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let request = given::a_request_with(&json!({"developer_tracking_id": "always"}));
    assert_ne!(app.payment(&keys, &request).await, app.payment(&keys, &request).await);
}

#[tokio::test]
async fn a_session_may_last_from_a_minute_to_a_day() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    for (sent, secs) in [(json!(60), 60), (json!("600"), 600), (json!(86_400), 86_400)] {
        let request = given::a_request_with(&json!({"session_timeout_secs": sent}));
        let id = app.payment(&keys, &request).await;
        let payment = stored(&app, &id).await;
        assert_eq!(payment.expires_at, payment.created_at.plus_secs(secs), "{sent}");
    }
}

#[tokio::test]
async fn a_picture_that_is_not_https_is_accepted_and_not_kept() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    for sent in ["http://shop.example/logo.png", "logo.png", "javascript:alert(1)"] {
        let id = app.payment(&keys, &given::a_request_with(&json!({"image_url": sent}))).await;
        assert_eq!(stored(&app, &id).await.image_url, None, "{sent}");
    }
}

#[tokio::test]
async fn links_may_be_http_and_local_and_the_same() {
    let app = TestApp::start().await;
    let link = "http://localhost:3000/done?order=1#top";
    let payment = made(
        &app,
        json!({"success_link": link, "fail_link": link, "webhook": "https://a.example/h?key=1"}),
    )
    .await;
    assert_eq!(payment.success_link.unwrap().as_str(), link);
    assert_eq!(payment.webhook.unwrap().as_str(), "https://a.example/h?key=1");
}

#[tokio::test]
async fn fields_that_are_not_the_callers_to_set_have_no_effect() {
    let app = TestApp::start().await;
    let fields = json!({
        "status": "SUCCESS", "fee": 0, "merchant_id": "1234", "livemode": true, "captured": 1,
        "app_token": "x", "app_secret": "y", "metadata": {"a": [1e9]}, "currency": "EUR",
        "client_id": "payer@example.org",
    });
    let payment = made(&app, fields).await;
    assert_eq!(payment.merchant.to_string(), given::PLATFORM);
    assert_eq!(payment.state.as_str(), "created");
    assert_eq!((payment.mode.as_str(), payment.currency.code()), ("test", "TND"));
}

#[tokio::test]
async fn the_link_is_made_of_the_settings_and_never_of_the_host_header() {
    let base = ("QISMA__HTTP__LINK_BASE_URL", "https://pay.flouci.com/q");
    let app = TestApp::with_settings(&[base]).await;
    let keys = given::a_platform(&app).await;
    let request = app
        .generating(&keys, given::a_request().to_string())
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example");
    let link = Reply::of(request).await.json()["result"]["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with("https://pay.flouci.com/q/pay/"), "{link}");
}
