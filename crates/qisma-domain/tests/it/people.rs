//! Merchants, apps, keys, wallets and deliveries.

use qisma_domain::app::{KeyPair, WebhookMode};
use qisma_domain::decide::create_app::{CreateApp, CreateAppRefusal, NewKeyPair};
use qisma_domain::decide::create_merchant::{CreateMerchant, CreateMerchantRefusal};
use qisma_domain::decide::create_wallet::{CreateWallet, CreateWalletRefusal};
use qisma_domain::decide::record_delivery::{DeliveryMovedOn, RecordDelivery, TryResult};
use qisma_domain::decide::resend_delivery::{DeliveryNotFound, ResendDelivery};
use qisma_domain::decide::rotate_keys::{RotateKeys, RotateRefusal};
use qisma_domain::decide::set_merchant_status::{SetMerchantStatus, StatusRefusal};
use qisma_domain::delivery::{Delivery, DeliveryMethod, DeliveryState};
use qisma_domain::ids::{AppId, DeliveryId, Mode};
use qisma_domain::merchant::MerchantStatus;

use crate::world::{RICH, World, amount, merchant, phone};

const APP: AppId = AppId::from_bytes([3; 16]);

fn pair(name: &str) -> NewKeyPair {
    NewKeyPair { public_key: name.into(), private_key_hash: [1; 32] }
}

fn create_app(number: i64) -> CreateApp {
    CreateApp {
        id: APP,
        merchant: merchant(number),
        mode: Mode::Test,
        webhook_mode: WebhookMode::Get,
        webhook_secret_sealed: vec![1],
        keys: pair("first"),
    }
}

fn rotate(name: &str, overlap_hours: i64) -> RotateKeys {
    RotateKeys { app: APP, keys: pair(name), overlap_hours }
}

/// A payment that has ended, and the delivery of that.
fn world_with_delivery() -> (World, DeliveryId) {
    let mut world = World::new();
    world.cancel(None);
    let id = *world.see.deliveries.keys().next().expect("the payment has a webhook");
    (world, id)
}

fn tried(delivery: &Delivery, webhook_mode: WebhookMode, result: TryResult) -> RecordDelivery {
    RecordDelivery {
        delivery: delivery.id,
        version: delivery.version,
        receiver: (delivery.app, delivery.origin.clone()),
        method: delivery.method,
        webhook_mode,
        result,
        jitter_key: [5; 32],
    }
}

fn answered(status: u16) -> TryResult {
    TryResult::Answered { status, retry_after_secs: None }
}

#[test]
fn a_new_merchant_is_onboarding() {
    let mut world = World::new();
    let command = CreateMerchant { id: merchant(9), name: "Nine".into(), image_url: None };
    assert_eq!(world.must(&command).status, MerchantStatus::Onboarding);
}

#[test]
fn a_taken_number_and_a_name_that_cannot_be_shown_are_refused() {
    let mut world = World::new();
    let command = CreateMerchant { id: merchant(1), name: "One".into(), image_url: None };
    assert_eq!(world.run(&command), Err(CreateMerchantRefusal::Exists));
    for name in ["", "  ", "a\nb", "a\u{1b}[2J", &"n".repeat(121)] {
        let command = CreateMerchant { id: merchant(9), name: name.into(), image_url: None };
        assert_eq!(world.run(&command), Err(CreateMerchantRefusal::BadName), "{name:?}");
    }
}

#[test]
fn a_closed_merchant_stays_closed() {
    let mut world = World::new();
    world.status(1, MerchantStatus::Closed);
    world.status(1, MerchantStatus::Closed);
    let command = SetMerchantStatus { id: merchant(1), status: MerchantStatus::Active };
    assert_eq!(world.run(&command), Err(StatusRefusal::Closed));
    let command = SetMerchantStatus { id: merchant(9), status: MerchantStatus::Active };
    assert_eq!(world.run(&command), Err(StatusRefusal::NotFound));
}

#[test]
fn an_app_belongs_to_a_merchant_that_is_not_closed() {
    let mut world = World::new();
    assert_eq!(world.run(&create_app(9)), Err(CreateAppRefusal::NoMerchant));
    world.must(&create_app(1));
    world.status(1234, MerchantStatus::Closed);
    assert_eq!(world.run(&create_app(1234)), Err(CreateAppRefusal::MerchantClosed));
}

#[test]
fn a_rotated_pair_works_until_the_overlap_is_over_and_no_rotation_revives_it() {
    let mut world = World::new();
    world.must(&create_app(1));
    let soon = world.must(&rotate("second", 1));
    world.must(&rotate("third", 100));
    let ends = |pair: &KeyPair| (pair.public_key.clone(), pair.expires_at);
    let pairs: Vec<_> = world.see.key_pairs.values().map(ends).collect();
    let late = world.now.plus_secs(360_000);
    let expected = [("first", Some(soon)), ("second", Some(late)), ("third", None)];
    assert_eq!(pairs, expected.map(|(name, end)| (name.to_owned(), end)));
}

#[test]
fn a_rotation_of_no_app_or_with_a_bad_overlap_is_refused() {
    let mut world = World::new();
    assert_eq!(world.run(&rotate("x", 1)), Err(RotateRefusal::NotFound));
    world.must(&create_app(1));
    for hours in [-1, 169] {
        assert_eq!(world.run(&rotate("x", hours)), Err(RotateRefusal::BadOverlap));
    }
}

#[test]
fn a_phone_has_one_wallet_in_each_mode_and_live_money_is_not_made_by_hand() {
    let mut world = World::new();
    let mut command = CreateWallet {
        phone: phone(RICH),
        name: "Payer".into(),
        mode: Mode::Test,
        fund: amount(0),
    };
    assert_eq!(world.run(&command), Err(CreateWalletRefusal::Exists));
    command.mode = Mode::Live;
    command.fund = amount(1);
    assert_eq!(world.run(&command), Err(CreateWalletRefusal::LiveFunding));
    command.fund = amount(0);
    command.name = "\u{7}".into();
    assert_eq!(world.run(&command), Err(CreateWalletRefusal::BadName));
    command.name = "Payer".into();
    assert!(world.run(&command).is_ok());
}

#[test]
fn what_a_receiver_answers_decides_what_becomes_of_its_delivery() {
    for (result, expected) in [
        (answered(200), "delivered"),
        (answered(299), "delivered"),
        (answered(302), "pending"),
        (answered(404), "pending"),
        (answered(410), "gone"),
        (answered(500), "pending"),
        (TryResult::Failed("timeout".into()), "pending"),
    ] {
        let (mut world, id) = world_with_delivery();
        let delivery = world.see.deliveries[&id].clone();
        let after = world.must(&tried(&delivery, WebhookMode::Get, result.clone()));
        assert_eq!(after.state.as_str(), expected, "{result:?}");
    }
}

#[test]
fn a_delivery_is_dead_after_ten_tries_and_an_operator_can_send_it_again() {
    let (mut world, id) = world_with_delivery();
    for _ in 0..10 {
        let delivery = world.see.deliveries[&id].clone();
        world.must(&tried(&delivery, WebhookMode::Get, answered(500)));
    }
    assert_eq!(world.see.deliveries[&id].state.as_str(), "dead");
    let again = world.must(&ResendDelivery { delivery: id });
    assert_eq!(again.state, DeliveryState::Pending { next_at: world.now });
    assert_eq!((again.tries, again.replay), (0, true));
}

#[test]
fn an_answer_to_an_older_try_changes_nothing() {
    let (mut world, id) = world_with_delivery();
    let old = world.see.deliveries[&id].clone();
    world.must(&tried(&old, WebhookMode::Get, answered(500)));
    let refused = world.run(&tried(&old, WebhookMode::Get, answered(200)));
    assert_eq!(refused, Err(DeliveryMovedOn));
    let unknown = ResendDelivery { delivery: DeliveryId::from_bytes([0; 16]) };
    assert_eq!(world.run(&unknown), Err(DeliveryNotFound));
}

#[test]
fn a_receiver_that_takes_the_other_method_is_remembered_where_the_app_leaves_it_open() {
    let (mut world, id) = world_with_delivery();
    let delivery = world.see.deliveries[&id].clone();
    let after = world.must(&tried(&delivery, WebhookMode::Auto, answered(405)));
    assert_eq!(after.method, DeliveryMethod::Post);
    assert!(world.see.learned.is_empty());
    world.must(&tried(&after, WebhookMode::Auto, answered(200)));
    let learned: Vec<_> = world.see.learned.values().map(|learned| learned.method).collect();
    assert_eq!(learned, [DeliveryMethod::Post]);
}
