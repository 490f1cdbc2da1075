//! What a receiver is sent, by GET and by POST, and how the gateway finds out which it takes.

use axum::http::Method;
use qisma_domain::app::WebhookMode;
use qisma_domain::delivery::DeliveryState;
use qisma_domain::ids::PaymentId;
use serde_json::{Value, json};

use super::receiver::{Answer, Receiver};
use crate::shop::Shop;

#[tokio::test]
async fn a_paid_payment_is_told_by_get_with_flouci_s_two_parameters() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    let payment = shop.paid(&receiver.url("/hook")).await;
    let request = receiver.next().await;
    assert_eq!(request.method, Method::GET);
    let expected = format!("/hook?payment_id={payment}&success=True");
    assert_eq!((request.uri.to_string(), request.body), (expected, String::new()));
}

#[tokio::test]
async fn the_receivers_own_query_is_kept_as_it_is() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    let payment = shop.canceled(&receiver.url("/hook?key=a%20b&key=c#part")).await;
    let expected = format!("/hook?key=a%20b&key=c&payment_id={payment}&success=False");
    assert_eq!(receiver.next().await.uri.to_string(), expected);
}

#[tokio::test]
async fn a_post_carries_flouci_s_members_and_a_snapshot() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Post).await, Receiver::start().await);
    let payment = shop.paid(&receiver.url("/hook?key=1")).await;
    let request = receiver.next().await;
    assert_eq!(
        (request.method.as_str(), request.uri.to_string().as_str()),
        ("POST", "/hook?key=1")
    );
    assert_eq!(request.header("content-type"), "application/json");
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let expected = json!({
        "payment_id": payment, "success": true, "status": "SUCCESS",
        "developer_tracking_id": "order 7", "type": "payment.succeeded",
        "timestamp": body["timestamp"],
        "data": {
            "payment_id": payment, "status": "SUCCESS", "state": "captured",
            "amount_millimes": 10_000, "captured_millimes": 10_000, "currency": "TND",
            "legs": [{ "destination": "1", "amount_millimes": 10_000 }],
            "developer_tracking_id": "order 7", "sequence": 1, "livemode": false,
            "api_version": "v2",
        },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_second_try_sends_the_same_bytes() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Post).await, Receiver::start().await);
    receiver.will_answer([Answer::Status(500)]);
    let payment = shop.paid(&receiver.url("/")).await;
    let first = receiver.next().await;
    shop.tried(payment, 1).await;
    shop.clock.advance(60);
    assert_eq!(receiver.next().await.body, first.body);
}

/// Answers the tries as given and expects them to be made by these methods.
async fn check_methods(shop: &Shop, receiver: &mut Receiver, answers: &[u16], expected: &[&str]) {
    receiver.will_answer(answers.iter().map(|status| Answer::Status(*status)));
    let payment = shop.paid(&receiver.url("/hook")).await;
    let mut methods = vec![];
    for tries in (1..).take(answers.len()) {
        methods.push(receiver.next().await.method.to_string());
        shop.tried(payment, tries).await;
        shop.clock.advance(86_400);
    }
    assert_eq!(methods, expected);
}

#[tokio::test]
async fn a_receiver_that_refuses_get_is_tried_with_post_next() {
    for refusal in [404, 405] {
        let (shop, mut receiver) = (Shop::open(WebhookMode::Auto).await, Receiver::start().await);
        check_methods(&shop, &mut receiver, &[refusal, 200], &["GET", "POST"]).await;
    }
}

#[tokio::test]
async fn a_failure_of_another_kind_does_not_change_the_method() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Auto).await, Receiver::start().await);
    let expected = ["GET", "POST", "POST", "GET"];
    check_methods(&shop, &mut receiver, &[405, 500, 404, 200], &expected).await;
}

#[tokio::test]
async fn what_a_receiver_takes_is_remembered_for_its_next_payment() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Auto).await, Receiver::start().await);
    check_methods(&shop, &mut receiver, &[405, 200], &["GET", "POST"]).await;
    check_methods(&shop, &mut receiver, &[500, 200], &["POST", "POST"]).await;
}

#[tokio::test]
async fn what_one_app_learned_is_not_what_another_begins_with() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Auto).await, Receiver::start().await);
    check_methods(&shop, &mut receiver, &[405, 200], &["GET", "POST"]).await;
    let mode = qisma_domain::ids::Mode::Test;
    let other =
        qisma::operations::apps::create(&shop.gateway, shop.merchant, mode, WebhookMode::Auto);
    let other = other.await.unwrap().app_id;
    let payment = shop.payment_of(other, &receiver.url("/hook")).await;
    shop.capture(payment).await;
    assert_eq!(receiver.next().await.method, Method::GET);
}

#[tokio::test]
async fn a_get_app_is_never_sent_a_post() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    check_methods(&shop, &mut receiver, &[405, 200], &["GET", "GET"]).await;
}

#[tokio::test]
async fn the_payment_is_final_and_readable_when_its_webhook_arrives() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    receiver.will_answer([Answer::Never]);
    shop.paid(&receiver.url("/hook")).await;
    let request = receiver.next().await;
    let query = request.uri.query().unwrap_or_default();
    let id = query.trim_start_matches("payment_id=").split('&').next().unwrap_or_default();
    let id = PaymentId::parse(id).unwrap();
    let found = shop.gateway.store.read(move |reader| reader.payment_by_link(&id)).await.unwrap();
    assert_eq!(found.unwrap().payment.state.as_str(), "captured");
}

#[tokio::test]
async fn a_suspended_merchant_still_hears_of_its_payments() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    let payment = shop.payment(&receiver.url("/hook")).await;
    let status = qisma_domain::merchant::MerchantStatus::Suspended;
    qisma::operations::merchants::set_status(&shop.gateway, shop.merchant, status).await.unwrap();
    shop.capture(payment).await;
    receiver.next().await;
    let delivery = shop.tried(payment, 1).await;
    assert!(matches!(delivery.state, DeliveryState::Delivered { .. }));
}
