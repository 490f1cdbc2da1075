//! Damage to money that is held for merchants, and to what was taken of it in part.

use qisma_domain::challenge::CodeKey;
use qisma_domain::decide::capture_payment::CapturePayment;
use qisma_domain::decide::check_code::{CheckCode, Checked};
use qisma_domain::decide::confirm_code::{ConfirmCode, Funds};
use qisma_domain::decide::record_capture::{CaptureReport, RecordCapture};
use qisma_domain::decide::release_payment::{ReleasePayment, ReleaseWhy};
use qisma_domain::decide::send_capture::SendCapture;
use qisma_domain::decide::start_wallet::StartWallet;
use qisma_domain::ids::{Mode, PaymentId};
use std::collections::BTreeMap;

use super::books::{Books, amount, merchant, phone};
use crate::Engine;
use crate::audit::{Audit, Invariant, OrderStanding as S};

const HOLD_SECS: Option<i64> = Some(604_800);

impl Books {
    async fn hold_by_wallet(&self, payment: PaymentId) {
        let code_key = || CodeKey::new([5; 32]);
        let (mode, resend) = (Mode::Test, false);
        let start = StartWallet { payment, mode, phone: phone(), resend, code_key: code_key() };
        let code = self.run(start).await.code.expose().to_owned();
        let check = CheckCode { payment, code: code.clone(), code_key: code_key() };
        let Checked::Right(wish) = self.run(check).await else { panic!("the code is right") };
        self.run(wish).await;
        let funds = Funds::Held(wish.id());
        self.run(ConfirmCode { payment, code, code_key: code_key(), funds }).await;
    }

    /// One that is held by card, one by wallet, one captured in part, and one to be let go.
    async fn held() -> Self {
        let books = Self::empty().await;
        let by_card = books.make(None, HOLD_SECS).await;
        books.hold_by_card(by_card).await;
        let by_wallet = books.make(None, HOLD_SECS).await;
        books.hold_by_wallet(by_wallet).await;
        let payment = books.make(None, HOLD_SECS).await;
        books.hold_by_card(payment).await;
        let capture = CapturePayment {
            payment,
            merchant: merchant("1"),
            mode: Mode::Test,
            amount: Some(amount(5_000)),
            hold: None,
            idempotent: None,
        };
        books.run(capture).await;
        books.run(SendCapture { payment, nothing_came_of_it: false }).await;
        let report = CaptureReport::Done;
        books.run(RecordCapture { payment, report, sent_at: None }).await;
        let payment = books.make(None, HOLD_SECS).await;
        books.hold_by_card(payment).await;
        let (merchant, mode, idempotent) = (merchant("1"), Mode::Test, None);
        let why = ReleaseWhy::Canceled { merchant, mode, idempotent };
        books.run(ReleasePayment { payment, why }).await;
        books
    }
}

async fn check(invariant: Invariant, damage: &str, words: &str) {
    let books = Books::held().await;
    books.damage(damage);
    let broken = books.broken();
    let problems = broken.get(&invariant).cloned().unwrap_or_default();
    assert!(problems.iter().any(|problem| problem.contains(words)), "{broken:#?}");
}

#[tokio::test]
async fn books_in_which_money_is_held_are_healthy() {
    assert_eq!(Books::held().await.broken(), BTreeMap::new());
}

#[tokio::test]
async fn an_order_that_is_held_is_shown_as_held_and_a_captured_one_with_what_was_taken() {
    let books = Books::held().await;
    let mut orders = vec![];
    let audit = Audit::open(&Engine::Sqlite(books.path())).unwrap();
    audit.card_orders(|order| orders.push((order.standing, order.amount_millimes))).unwrap();
    orders.sort_by_key(|(standing, _)| format!("{standing:?}"));
    assert_eq!(orders, [(S::Held, 10_000), (S::Paid, 5_000), (S::ReversalDue, 10_000)]);
}

#[tokio::test]
async fn shares_that_are_not_the_capture_break_i7() {
    let damage = "UPDATE legs SET captured_millimes = 1 WHERE captured_millimes IS NOT NULL
        AND number = 1";
    check(Invariant::I7, damage, "its shares sum to 1001, captured was 5000 of 10000").await;
}

#[tokio::test]
async fn a_share_above_its_leg_breaks_i7() {
    let damage = "UPDATE legs SET captured_millimes = 9000 WHERE number = 1";
    check(Invariant::I7, damage, "its leg 1 got 9000 of 8000").await;
}

#[tokio::test]
async fn held_money_that_was_booked_breaks_i8() {
    let damage = "UPDATE payments SET status = 'authorized', captured_attempt = NULL,
        captured_millimes = NULL WHERE status = 'captured'";
    check(Invariant::I8, damage, "it is authorized, and has the entry capture").await;
}

#[tokio::test]
async fn money_that_no_approval_holds_breaks_i8() {
    let damage = "UPDATE attempts SET status = 'declined' WHERE rail ->> 'rail' = 'wallet'";
    check(Invariant::I8, damage, "its money is held by attempt 1, which is not approved").await;
}

#[tokio::test]
async fn an_approval_that_is_neither_taken_nor_let_go_breaks_i8() {
    let damage = "UPDATE attempts SET next_look_us = NULL";
    check(Invariant::I8, damage, "holds money that nobody takes or lets go").await;
}

#[tokio::test]
async fn a_wallet_that_does_not_hold_what_was_approved_breaks_i8() {
    let damage = "UPDATE holds SET amount_millimes = 9999";
    check(Invariant::I8, damage, "its wallet holds 9999 for it, approved was 10000").await;
}

#[tokio::test]
async fn held_money_that_nobody_looks_after_breaks_i8() {
    let damage = "UPDATE payments SET authorized_look_us = NULL WHERE status = 'authorized'";
    check(Invariant::I8, damage, "its held money is held, and nobody looks after it").await;
}

#[tokio::test]
async fn clearing_that_forgets_what_was_let_go_of_a_capture_breaks_i15() {
    let damage = "UPDATE payments SET captured_millimes = 10000 WHERE status = 'captured'";
    check(Invariant::I15, damage, "the clearing account of acquirer:sandbox").await;
}
