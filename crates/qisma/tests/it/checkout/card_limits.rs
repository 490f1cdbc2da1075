//! How much may be tried with cards: by a payment, by a card over all payments, and from an address.

use qisma::workers::prune;
use qisma_domain::card::{CardFingerprint, CardWindow};
use qisma_domain::ids::PaymentId;
use reqwest::header::ACCEPT_LANGUAGE;

use super::browser::{Card, FRICTIONLESS, NO_FUNDS, Page, VISA};
use super::world::World;

/// The number and expiry of [`VISA`], so the same card to whoever does not see its code.
const VISA_MISTYPED: Card = ("4509 2111 1111 1119", "12/26", "123");
const TWO_A_PAYMENT: (&str, &str) = ("QISMA__CARDS__ATTEMPTS_PER_PAYMENT_MAX", "2");
const TWO_A_CARD: (&str, &str) = ("QISMA__CARDS__DECLINES_PER_CARD_MAX", "2");
const ONE_A_CARD: (&str, &str) = ("QISMA__CARDS__DECLINES_PER_CARD_MAX", "1");
const HOUR_SECS: i64 = 3_600;

impl World {
    /// A payment that is open for two hours.
    async fn long_payment(&self) -> PaymentId {
        self.payment_with(|new| new.session_timeout_secs = 2 * HOUR_SECS).await
    }

    /// What stands of the card that was declined in the payment's first attempt.
    async fn declined_card(&self, payment: PaymentId) -> (CardFingerprint, Option<CardWindow>) {
        let attempt = self.read(payment).await.attempts[0].clone();
        let card = *attempt.card().unwrap().declined_card.clone().unwrap();
        let window = self.gateway.store.read(move |reader| reader.card_window(card)).await;
        (card, window.unwrap())
    }

    /// Leaves the bank's page for another way to pay.
    async fn change_way(&self, payment: PaymentId) -> Page {
        self.open(payment).await.submit(self, "/change", &[]).await
    }
}

#[tokio::test]
async fn a_payment_that_has_had_its_card_attempts_offers_the_other_ways() {
    let world = World::start_with(&[TWO_A_PAYMENT]).await;
    let payment = world.payment().await;
    world.go_to_bank(payment).await;
    let page = world.change_way(payment).await;
    assert!(page.has_form("/card"), "{}", page.html);
    let page = world.pay_by_card(payment, NO_FUNDS).await;
    assert!(page.has_form("/wallet") && !page.has_form("/card"), "{}", page.html);
    assert!(page.html.contains("Trop de tentatives par carte"), "{}", page.html);
}

#[tokio::test]
async fn too_many_attempts_are_told_in_the_payers_language() {
    let world = World::start_with(&[TWO_A_PAYMENT]).await;
    let payment = world.payment().await;
    for _ in 0..2 {
        world.pay_by_card(payment, NO_FUNDS).await;
    }
    for (language, words) in [("en", "Too many card attempts"), ("ar", "محاولات كثيرة بالبطاقة")]
    {
        let url = format!("{}/pay/{payment}", world.url);
        let page = world.client.get(&url).header(ACCEPT_LANGUAGE, language).send().await.unwrap();
        let html = page.text().await.unwrap();
        assert!(html.contains(words), "{html}");
    }
}

#[tokio::test]
async fn a_card_form_of_an_older_page_starts_nothing() {
    let world = World::start_with(&[TWO_A_PAYMENT]).await;
    let payment = world.payment().await;
    let older = world.open(payment).await;
    for _ in 0..2 {
        world.pay_by_card(payment, NO_FUNDS).await;
    }
    let page = older.submit(&world, "/card", &[]).await;
    assert!(page.has_form("/wallet") && !page.has_form("/card"), "{}", page.html);
    assert_eq!(world.attempts(payment).await, ["declined"; 2]);
}

#[tokio::test]
async fn where_the_bank_opened_no_page_no_attempt_counts() {
    let world = World::start_with(&[TWO_A_PAYMENT]).await;
    let payment = world.payment().await;
    world.arm(r#"{"fault": "http503", "endpoint": "register", "times": 3}"#).await;
    for _ in 0..3 {
        world.open(payment).await.submit(&world, "/card", &[]).await;
    }
    assert!(world.open(payment).await.has_form("/card"));
}

#[tokio::test]
async fn a_card_that_was_declined_too_often_closes_its_payments_to_cards_for_an_hour() {
    let world = World::start_with(&[TWO_A_CARD]).await;
    let (one, other) = (world.long_payment().await, world.long_payment().await);
    let page = world.pay_by_card(one, NO_FUNDS).await;
    assert!(page.has_form("/card"), "{}", page.html);
    let page = world.pay_by_card(other, NO_FUNDS).await;
    assert!(page.has_form("/wallet") && !page.has_form("/card"), "{}", page.html);
    assert!(!world.open(one).await.has_form("/card"));
    world.clock.advance(HOUR_SECS + 1);
    assert!(world.open(one).await.has_form("/card"));
}

#[tokio::test]
async fn another_card_of_another_payment_is_not_concerned() {
    let world = World::start_with(&[ONE_A_CARD]).await;
    let (one, other) = (world.payment().await, world.payment().await);
    world.pay_by_card(one, NO_FUNDS).await;
    world.pay_by_card(other, FRICTIONLESS).await;
    assert_eq!(world.state(other).await, "captured");
}

#[tokio::test]
async fn approved_money_of_a_card_that_was_declined_too_often_is_captured() {
    let world = World::start_with(&[ONE_A_CARD]).await;
    let (one, other) = (world.payment().await, world.payment().await);
    let page = world.pay_by_card(one, VISA_MISTYPED).await;
    assert!(!page.has_form("/card"), "{}", page.html);
    world.pay_by_card(other, VISA).await;
    assert_eq!(world.state(other).await, "captured");
}

#[tokio::test]
async fn a_decline_that_is_told_twice_counts_once() {
    let world = World::start_with_callbacks().await;
    let payment = world.payment().await;
    world.pay_by_card(payment, NO_FUNDS).await;
    world.get(&format!("{}/pay/{payment}/return", world.url)).await;
    world.pass(60).await;
    let (_, window) = world.declined_card(payment).await;
    assert_eq!(window.unwrap().declined_at.len(), 1);
}

#[tokio::test]
async fn declines_of_one_card_for_ten_payments_at_once_all_count() {
    let world = World::start_with(&[("QISMA__CARDS__ATTEMPTS_PER_ADDRESS_MAX", "0")]).await;
    let mut payments = vec![];
    for _ in 0..10 {
        payments.push(world.payment().await);
    }
    let all = payments.iter().map(|payment| world.pay_by_card(*payment, NO_FUNDS));
    futures_util::future::join_all(all).await;
    let (_, window) = world.declined_card(payments[0]).await;
    assert_eq!(window.unwrap().declined_at.len(), 10);
}

#[tokio::test]
async fn of_a_declined_card_a_hash_is_kept_and_forgotten_after_an_hour() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.pay_by_card(payment, NO_FUNDS).await;
    let attempt = world.read(payment).await.attempts[0].clone();
    assert_eq!(attempt.card().unwrap().card, None);
    let kept = serde_json::to_string(&attempt.rail).unwrap();
    assert!(!kept.contains("510405") && !kept.contains("1115"), "{kept}");
    world.clock.advance(HOUR_SECS - 1);
    prune::step(&world.gateway).await;
    assert!(world.declined_card(payment).await.1.is_some());
    world.clock.advance(2);
    prune::step(&world.gateway).await;
    assert_eq!(world.declined_card(payment).await.1, None);
}

#[tokio::test]
async fn an_address_begins_only_so_many_card_attempts_in_ten_minutes() {
    let world = World::start_with(&[("QISMA__CARDS__ATTEMPTS_PER_ADDRESS_MAX", "2")]).await;
    for _ in 0..2 {
        world.go_to_bank(world.payment().await).await;
    }
    let payment = world.payment().await;
    let refused = world.open(payment).await.submit(&world, "/card", &[]).await;
    assert_eq!((refused.status, refused.headers["retry-after"].as_bytes()), (429, &b"300"[..]));
    assert!(refused.html.contains("Trop de tentatives"), "{}", refused.html);
    assert!(world.attempts(payment).await.is_empty());
    world.clock.advance(300);
    world.go_to_bank(payment).await;
}

#[tokio::test]
async fn attempts_that_are_paid_do_not_count_for_their_address() {
    let world = World::start_with(&[("QISMA__CARDS__ATTEMPTS_PER_ADDRESS_MAX", "1")]).await;
    for _ in 0..3 {
        let payment = world.payment().await;
        world.pay_by_card(payment, FRICTIONLESS).await;
        assert_eq!(world.state(payment).await, "captured");
    }
}

#[tokio::test]
async fn an_address_whose_attempts_were_declined_too_often_pays_by_wallet() {
    let world = World::start_with(&[("QISMA__CARDS__DECLINES_PER_ADDRESS_MAX", "1")]).await;
    world.pay_by_card(world.payment().await, NO_FUNDS).await;
    let payment = world.payment().await;
    let refused = world.open(payment).await.submit(&world, "/card", &[]).await;
    assert_eq!((refused.status, refused.headers["retry-after"].as_bytes()), (429, &b"3600"[..]));
    let page = world.ask_for_code(payment).await;
    page.submit(&world, "/code", &[("code", &world.code().await)]).await;
    assert_eq!(world.state(payment).await, "captured");
}
