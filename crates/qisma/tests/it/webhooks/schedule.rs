//! When a webhook is tried again, to the microsecond, and when it is given up.

use qisma_domain::app::WebhookMode;
use qisma_domain::decide::resend_delivery::ResendDelivery;
use qisma_domain::delivery::{Delivery, DeliveryState};
use qisma_domain::retry::{DELAYS_SECS, next_delivery_at};
use qisma_domain::time::Timestamp;

use super::receiver::{Answer, Receiver};
use crate::shop::Shop;

/// When the schedule wants the next try after one that failed at this moment.
fn scheduled(shop: &Shop, delivery: &Delivery, at: Timestamp, asked: Option<i64>) -> Timestamp {
    let key = shop.gateway.keyring.webhook_jitter_key();
    next_delivery_at(at, u32::from(delivery.tries), key, &delivery.id, asked).unwrap()
}

fn next_at(delivery: &Delivery) -> Timestamp {
    match delivery.state {
        DeliveryState::Pending { next_at } => next_at,
        _ => panic!("{delivery:?} is at its end"),
    }
}

#[tokio::test]
async fn ten_tries_are_made_exactly_when_the_schedule_says_and_then_no_more() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    receiver.will_answer(vec![Answer::Status(500); DELAYS_SECS.len()]);
    let payment = shop.paid(&receiver.url("/hook")).await;
    for tries in 1..10 {
        assert_eq!(receiver.next().await.header("webhook-attempt"), tries.to_string());
        let delivery = shop.tried(payment, tries).await;
        let expected = scheduled(&shop, &delivery, shop.gateway.now(), None);
        assert_eq!(next_at(&delivery), expected);
        shop.clock.advance_to(expected.plus_micros(-1));
        shop.settle().await;
        assert!(receiver.is_quiet(), "try {} came too early", tries + 1);
        shop.clock.advance_to(expected);
    }
    receiver.next().await;
    let delivery = shop.tried(payment, 10).await;
    assert_eq!(delivery.state, DeliveryState::Dead { at: shop.gateway.now() });
}

#[tokio::test]
async fn the_second_try_comes_more_than_12_seconds_after_the_first() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    receiver.will_answer([Answer::Status(500)]);
    let payment = shop.paid(&receiver.url("/hook")).await;
    receiver.next().await;
    let delivery = shop.tried(payment, 1).await;
    assert!(shop.gateway.now().plus_secs(12) < next_at(&delivery));
}

#[tokio::test]
async fn a_2xx_ends_it() {
    for status in [200, 202, 204, 299] {
        let (shop, receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
        receiver.will_answer([Answer::Status(status)]);
        let payment = shop.paid(&receiver.url("/hook")).await;
        let delivery = shop.tried(payment, 1).await;
        assert!(matches!(delivery.state, DeliveryState::Delivered { .. }), "{status}");
    }
}

#[tokio::test]
async fn a_410_ends_this_payments_deliveries_and_no_others() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    receiver.will_answer([Answer::Status(410)]);
    let gone = shop.paid(&receiver.url("/hook")).await;
    receiver.next().await;
    let delivery = shop.tried(gone, 1).await;
    assert!(matches!(delivery.state, DeliveryState::Gone { .. }));
    let other = shop.paid(&receiver.url("/hook")).await;
    assert!(receiver.next().await.uri.to_string().contains(&other.to_string()));
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_not_followed() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    receiver.will_answer([Answer::Status(302)]);
    let payment = shop.paid(&receiver.url("/hook")).await;
    receiver.next().await;
    let delivery = shop.tried(payment, 1).await;
    assert_eq!(delivery.last_result.as_deref(), Some("302"));
    next_at(&delivery);
}

/// Answers the first try so and expects the second as late as that.
async fn check_retry_after(wish: &str, asked_secs: i64) {
    let (shop, receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    receiver.will_answer([Answer::RetryAfter(503, wish.to_owned())]);
    let payment = shop.paid(&receiver.url("/hook")).await;
    let delivery = shop.tried(payment, 1).await;
    let expected = scheduled(&shop, &delivery, shop.gateway.now(), Some(asked_secs));
    assert_eq!(next_at(&delivery), expected, "{wish}");
}

#[tokio::test]
async fn a_receiver_may_ask_in_seconds_for_a_longer_wait() {
    check_retry_after("120", 120).await;
}

#[tokio::test]
async fn a_receiver_may_ask_with_a_date_for_a_longer_wait() {
    // The test's clock stands at 1795000000.
    check_retry_after("Wed, 18 Nov 2026 11:11:40 GMT", 300).await;
}

#[tokio::test]
async fn a_wish_for_an_earlier_try_or_an_unreadable_one_changes_nothing() {
    for wish in ["0", "soon", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        check_retry_after(wish, 0).await;
    }
}

#[tokio::test]
async fn the_next_try_is_kept_over_a_restart() {
    let (mut shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    receiver.will_answer([Answer::Status(500)]);
    let payment = shop.paid(&receiver.url("/hook")).await;
    receiver.next().await;
    let due = next_at(&shop.tried(payment, 1).await);
    shop.restart().await;
    assert_eq!(next_at(&shop.delivery(payment).await), due);
    shop.clock.advance_to(due);
    assert_eq!(receiver.next().await.header("webhook-attempt"), "2");
}

#[tokio::test]
async fn a_delivery_that_is_resent_says_so_and_keeps_its_id() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    let payment = shop.paid(&receiver.url("/hook")).await;
    let first = receiver.next().await;
    let delivery = shop.tried(payment, 1).await.id;
    shop.gateway.store.run(ResendDelivery { delivery }).await.unwrap();
    let second = receiver.next().await;
    assert_eq!((first.header("webhook-replay"), second.header("webhook-replay")), ("", "true"));
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
}

#[tokio::test]
async fn a_delivery_that_is_resent_while_it_is_under_way_is_not_sent_twice_at_once() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    receiver.will_answer([Answer::Never]);
    let payment = shop.paid(&receiver.url("/hook")).await;
    receiver.next().await;
    let delivery = shop.delivery(payment).await.id;
    shop.gateway.store.run(ResendDelivery { delivery }).await.unwrap();
    shop.clock.advance(60);
    shop.settle().await;
    assert!(receiver.is_quiet());
}

#[tokio::test]
async fn deliveries_that_are_paused_leave_after_a_start_without_the_pause() {
    let settings = [("webhooks.allow_loopback", "true"), ("workers.paused", "deliveries")];
    let mut shop = Shop::with_settings(WebhookMode::Get, &settings).await;
    let mut receiver = Receiver::start().await;
    shop.paid(&receiver.url("/hook")).await;
    // A worker that stops finishes what it has begun.
    shop.stop().await;
    assert!(receiver.is_quiet(), "it left all the same");
    shop.restart().await;
    assert_eq!(receiver.next().await.header("webhook-attempt"), "1");
}
