//! Nothing that one receiver does is felt by another, and nobody is called who may not be.

use futures_util::FutureExt;
use qisma_domain::app::WebhookMode;
use qisma_domain::decide::create_app::{CreateApp, NewKeyPair};
use qisma_domain::delivery::DeliveryState;
use qisma_domain::ids::{AppId, Mode};
use tokio::net::TcpListener;

use super::receiver::{Answer, Receiver};
use crate::given;
use crate::shop::Shop;

/// The default of `webhooks.per_origin_max`.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn a_receiver_that_hangs_with_hundreds_waiting_does_not_delay_another() {
    let shop = Shop::open(WebhookMode::Get).await;
    let (hanging, mut healthy) = (Receiver::start().await, Receiver::start().await);
    hanging.will_answer(vec![Answer::Never; 300]);
    for _ in 0..300 {
        shop.canceled(&hanging.url("/hook")).await;
    }
    let payment = shop.canceled(&healthy.url("/hook")).await;
    healthy.next().await;
    assert!(matches!(shop.tried(payment, 1).await.state, DeliveryState::Delivered { .. }));
}

#[tokio::test]
async fn a_merchant_with_many_receivers_that_hang_does_not_delay_another_merchant() {
    let patient = [("webhooks.allow_loopback", "true"), ("webhooks.timeout_secs", "60")];
    let shop = Shop::with_settings(WebhookMode::Get, &patient).await;
    // It is never accepted from, so whoever connects waits.
    let hanging = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = hanging.local_addr().unwrap().port();
    for host in 1..=12 {
        for _ in 0..AT_ONCE {
            shop.canceled(&format!("http://127.0.0.{host}:{port}/hook")).await;
        }
    }
    let mut healthy = Receiver::start().await;
    given::a_merchant(&shop.gateway, "2").await;
    let other = given::an_app(&shop.gateway, "2", Mode::Test).await;
    let payment = shop.payment_of(other.app_id, &healthy.url("/hook")).await;
    shop.capture(payment).await;
    healthy.next().await;
}

#[tokio::test]
async fn one_receiver_is_sent_only_so_many_at_once() {
    let (shop, mut hanging) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    hanging.will_answer(vec![Answer::Never; AT_ONCE + 1]);
    for _ in 0..=AT_ONCE {
        shop.canceled(&hanging.url("/hook")).await;
    }
    for _ in 0..AT_ONCE {
        hanging.next().await;
    }
    shop.clock.advance(60);
    shop.settle().await;
    assert!(hanging.is_quiet());
}

#[tokio::test]
async fn all_that_waits_for_a_receiver_gets_there() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    for _ in 0..50 {
        shop.canceled(&receiver.url("/hook")).await;
    }
    for _ in 0..50 {
        receiver.next().await;
    }
}

#[tokio::test]
async fn a_delivery_that_cannot_be_signed_is_recorded_as_failed_and_blocks_nothing() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    let app = AppId::from_bytes([9; 16]);
    let command = CreateApp {
        id: app,
        merchant: shop.merchant,
        mode: Mode::Test,
        webhook_mode: WebhookMode::Get,
        webhook_secret_sealed: vec![0; 60],
        keys: NewKeyPair { public_key: "x".into(), private_key_hash: [0; 32] },
    };
    shop.gateway.store.run(command).await.unwrap();
    let poisoned = shop.payment_of(app, &receiver.url("/hook")).await;
    shop.capture(poisoned).await;
    let delivery = shop.tried(poisoned, 1).await;
    let reason = delivery.last_result.unwrap_or_default();
    assert!(reason.contains("secret cannot be opened"), "{reason}");
    let other = shop.canceled(&receiver.url("/hook")).await;
    assert!(receiver.next().await.uri.to_string().contains(&other.to_string()));
}

#[tokio::test]
async fn a_receiver_on_this_machine_is_not_even_connected_unless_that_is_allowed() {
    let shop = Shop::with_settings(WebhookMode::Get, &[]).await;
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = canary.local_addr().unwrap();
    let payment = shop.canceled(&format!("http://{address}/hook")).await;
    let delivery = shop.tried(payment, 1).await;
    let reason = delivery.last_result.unwrap_or_default();
    assert!(reason.starts_with("refused"), "{reason}");
    assert!(canary.accept().now_or_never().is_none(), "somebody connected");
}

#[tokio::test]
async fn stopping_waits_for_what_is_under_way_and_records_it() {
    let (mut shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    let payment = shop.canceled(&receiver.url("/hook")).await;
    receiver.next().await;
    shop.stop().await;
    assert!(matches!(shop.delivery(payment).await.state, DeliveryState::Delivered { .. }));
}
