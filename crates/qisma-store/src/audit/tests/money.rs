//! Damage to fees and settlements, and the invariant that sees it.

use std::collections::BTreeMap;

use super::Invariant;
use super::books::Books;

/// Damages books with a charged and settled payment, and expects the invariant to say these words.
async fn check(invariant: Invariant, damage: &str, words: &str) {
    let books = Books::charged_and_settled().await;
    books.damage(damage);
    let broken = books.broken();
    let problems = broken.get(&invariant).cloned().unwrap_or_default();
    assert!(problems.iter().any(|problem| problem.contains(words)), "{broken:#?}");
}

#[tokio::test]
async fn books_with_a_charged_and_settled_payment_are_healthy() {
    assert_eq!(Books::charged_and_settled().await.broken(), BTreeMap::new());
}

#[tokio::test]
async fn a_fee_that_its_plan_does_not_ask_for_breaks_i17() {
    let damage = r#"UPDATE payments SET fee_plan = replace(fee_plan, '"bps":150', '"bps":200')"#;
    check(Invariant::I17, damage, "its fee is 300 and the tax on it 57, but booked was 250 and 48")
        .await;
}

#[tokio::test]
async fn a_fee_that_another_leg_bore_breaks_i7() {
    let damage = "UPDATE payments SET fee_plan = replace(fee_plan, 'platform', 'leg:1234')";
    check(Invariant::I7, damage, "booked was").await;
}

#[tokio::test]
async fn a_fee_without_a_plan_breaks_i17() {
    let damage = "UPDATE payments SET fee_plan = NULL";
    check(Invariant::I17, damage, "and it has no fee plan").await;
}

#[tokio::test]
async fn a_share_that_stays_pending_after_its_settlement_breaks_i18() {
    let damage = "DELETE FROM postings WHERE entry_id =
        (SELECT id FROM journal_entries WHERE kind = 'settlement' LIMIT 1)";
    check(Invariant::I18, damage, "it is settled, and of merchant:1").await;
}

#[tokio::test]
async fn a_settlement_that_the_payment_does_not_know_breaks_i18() {
    let damage = "UPDATE payments SET is_settled = 0";
    check(Invariant::I18, damage, "is of a payment that is not settled").await;
}

#[tokio::test]
async fn a_settlement_before_its_time_breaks_i18() {
    let damage = "UPDATE payments SET settles_us = settles_us + 86400000000 * 9";
    check(Invariant::I18, damage, "is of a payment that is not settled").await;
}

#[tokio::test]
async fn a_card_payment_that_is_never_settled_breaks_i18() {
    let damage = "UPDATE payments SET settles_us = NULL, is_settled = 0";
    check(Invariant::I18, damage, "it is captured by card, and is never settled").await;
}
