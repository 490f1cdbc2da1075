//! When card money is here: what merchants are told changes by the time alone, and a worker moves it.

use qisma::workers::{fold, settle};
use qisma_domain::account::AccountKind;
use qisma_domain::ids::PaymentId;
use qisma_domain::time::Timestamp;
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::json;

use super::browser::FRICTIONLESS;
use super::world::World;
use crate::test_app::{Reply, bearer};

const DEFERRED: (&str, &str) = ("QISMA__LEDGER__FOLD", "deferred");
/// Two business days are behind whatever was captured today, weekends included.
const DAYS_SECS: i64 = 5 * 86_400;

fn at(text: &str) -> Timestamp {
    let moment: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_micros(moment.as_microsecond())
}

impl World {
    async fn captured(&self) -> PaymentId {
        let payment = self.payment().await;
        self.pay_by_card(payment, FRICTIONLESS).await;
        payment
    }

    async fn settlement_status(&self, payment: PaymentId) -> String {
        let reply = self.verify(&self.caller, &payment.to_string()).await;
        reply.json()["result"]["settlement_status"].as_str().unwrap().to_owned()
    }

    async fn gives_back(&self, payment: PaymentId, millimes: i64) -> Reply {
        let request = self
            .request(Method::POST, "/api/v2/refund_payment")
            .header(AUTHORIZATION, bearer(&self.caller))
            .header("content-type", "application/json")
            .body(json!({ "payment_id": payment, "amount": millimes }).to_string());
        Reply::of(request).await
    }

    async fn settles(&self) {
        self.clock.advance(DAYS_SECS);
        settle::step(&self.gateway).await;
        fold::step(&self.gateway).await;
    }

    /// Pending, available and owed of a merchant.
    async fn stands(&self, id: &str) -> [i64; 3] {
        [
            self.account(id, AccountKind::Pending).await,
            self.account(id, AccountKind::Available).await,
            self.account(id, AccountKind::Debt).await,
        ]
    }
}

#[tokio::test]
async fn card_money_is_processing_until_the_next_business_day_begins() {
    let world = World::start().await;
    for (captured, settles) in [
        ("2026-11-24T09:00:00Z", "2026-11-24T23:00:00Z"),
        // Friday evening, and Saturday: Monday.
        ("2026-11-27T19:00:00Z", "2026-11-29T23:00:00Z"),
        ("2026-12-05T12:00:00Z", "2026-12-06T23:00:00Z"),
        // The night before the seventeenth of December, and that holiday: Friday.
        ("2026-12-16T22:30:00Z", "2026-12-17T23:00:00Z"),
        ("2026-12-31T12:00:00Z", "2027-01-03T23:00:00Z"),
    ] {
        world.clock.advance_to(at(captured));
        let payment = world.captured().await;
        let settles = at(settles);
        world.clock.advance_to(settles.plus_micros(-1));
        assert_eq!(world.settlement_status(payment).await, "PROCESSING", "{captured}");
        world.clock.advance_to(settles);
        assert_eq!(world.settlement_status(payment).await, "AVAILABLE", "{captured}");
    }
}

#[tokio::test]
async fn a_list_of_payments_says_the_same_as_each_of_them() {
    let world = World::start().await;
    let payment = world.captured().await;
    for status in ["PROCESSING", "AVAILABLE"] {
        let request = world.request(Method::GET, "/api/developers/history");
        let page = Reply::of(request.header(AUTHORIZATION, bearer(&world.caller))).await.json();
        assert_eq!(page["results"][0]["settlement_status"], status);
        assert_eq!(world.settlement_status(payment).await, status);
        world.clock.advance(DAYS_SECS);
    }
}

#[tokio::test]
async fn what_is_given_back_or_not_paid_has_no_settlement() {
    let world = World::start().await;
    let payment = world.payment().await;
    assert_eq!(world.settlement_status(payment).await, "NOT_APPLICABLE");
    world.pay_by_card(payment, FRICTIONLESS).await;
    world.gives_back(payment, 10_000).await;
    assert_eq!(world.settlement_status(payment).await, "NOT_APPLICABLE");
    world.settles().await;
    assert_eq!(world.settlement_status(payment).await, "NOT_APPLICABLE");
}

#[tokio::test]
async fn holidays_of_a_file_of_ones_own_count() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "[[holiday]]\ndate = 2026-11-25\nname = \"Today's feast\"\n").unwrap();
    let path = file.path().to_str().unwrap();
    let world = World::start_with(&[("QISMA__SETTLEMENT__HOLIDAYS_FILE", path)]).await;
    world.clock.advance_to(at("2026-11-24T09:00:00Z"));
    let payment = world.captured().await;
    world.clock.advance_to(at("2026-11-25T12:00:00Z"));
    assert_eq!(world.settlement_status(payment).await, "PROCESSING");
}

#[tokio::test]
async fn a_changed_file_changes_no_payment_that_was_captured_before() {
    let mut world = World::start().await;
    world.clock.advance_to(at("2026-11-24T09:00:00Z"));
    let payment = world.captured().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "[[holiday]]\ndate = 2026-11-25\nname = \"Announced late\"\n").unwrap();
    let path = file.path().to_str().unwrap();
    world.restart_with(&[("QISMA__SETTLEMENT__HOLIDAYS_FILE", path)]).await;
    world.clock.advance_to(at("2026-11-25T12:00:00Z"));
    assert_eq!(world.settlement_status(payment).await, "AVAILABLE");
}

#[tokio::test]
async fn a_worker_makes_what_is_pending_available_once() {
    let world = World::start().await;
    world.captured().await;
    settle::step(&world.gateway).await;
    assert_eq!(world.stands("1234").await, [8_000, 0, 0]);
    for _ in 0..2 {
        world.settles().await;
        assert_eq!(world.stands("1234").await, [0, 8_000, 0]);
    }
}

#[tokio::test]
async fn a_worker_sleeps_until_the_next_settlement() {
    let world = World::start().await;
    world.clock.advance_to(at("2026-11-24T09:00:00Z"));
    world.captured().await;
    assert_eq!(settle::step(&world.gateway).await, Some(at("2026-11-24T23:00:00Z")));
}

#[tokio::test]
async fn a_refund_takes_what_is_pending_before_the_settlement_and_what_is_available_after_it() {
    let world = World::start().await;
    let payment = world.captured().await;
    world.gives_back(payment, 5_000).await;
    assert_eq!(world.stands("1234").await, [4_000, 0, 0]);
    world.settles().await;
    assert_eq!(world.stands("1234").await, [0, 4_000, 0]);
    // Another one is pending, and stays so.
    world.captured().await;
    world.gives_back(payment, 2_500).await;
    assert_eq!(world.stands("1234").await, [8_000, 2_000, 0]);
}

#[tokio::test]
async fn refunds_and_the_settlement_at_once_move_every_millime_once() {
    let world = World::start().await;
    let mut payments = vec![];
    for _ in 0..3 {
        payments.push(world.captured().await);
    }
    world.clock.advance(DAYS_SECS);
    let refunds = payments.iter().flat_map(|payment| [*payment; 4]);
    let refunds = refunds.map(|payment| world.gives_back(payment, 4_000));
    let (replies, _, _) = tokio::join!(
        futures_util::future::join_all(refunds),
        settle::step(&world.gateway),
        settle::step(&world.gateway),
    );
    // Of four refunds of 40 % two fit.
    let granted = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(granted, 6, "{:?}", replies.iter().map(|reply| &reply.body).collect::<Vec<_>>());
    settle::step(&world.gateway).await;
    qisma::workers::refunds::step(&world.gateway).await;
    let (cook, driver) = (world.stands("1234").await, world.stands("4321").await);
    assert_eq!((cook, driver), ([0, 3 * 1_600, 0], [0, 3 * 400, 0]));
}

#[tokio::test]
async fn where_balances_follow_later_a_settlement_waits_for_the_capture() {
    let world = World::start_with(&[DEFERRED]).await;
    world.captured().await;
    world.clock.advance(DAYS_SECS);
    settle::step(&world.gateway).await;
    assert_eq!(world.stands("1234").await, [0, 0, 0]);
    fold::step(&world.gateway).await;
    settle::step(&world.gateway).await;
    assert_eq!(world.stands("1234").await, [0, 8_000, 0]);
}
