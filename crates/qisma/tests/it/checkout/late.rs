//! Payers who pay at the bank when nobody expects it any more, or without coming back.

use qisma_domain::ids::PaymentId;
use tokio_util::sync::CancellationToken;

use super::browser::{FRICTIONLESS, Page, VISA};
use super::world::World;

/// Goes to the bank, then leaves the card for another way.
async fn leave_the_card(world: &World, payment: PaymentId) -> Page {
    let bank = world.go_to_bank(payment).await;
    world.open(payment).await.submit(world, "/change", &[]).await;
    bank
}

#[tokio::test]
async fn a_payer_who_paid_and_closed_the_tab_is_captured_within_90_seconds() {
    let world = World::start().await;
    let payment = world.payment().await;
    let bank = world.go_to_bank(payment).await;
    world.pass(50).await;
    bank.pay(&world, VISA).await;
    let mut waited_secs = 0;
    while world.state(payment).await != "captured" {
        world.pass(1).await;
        waited_secs += 1;
        assert!(waited_secs <= 90);
    }
}

#[tokio::test]
async fn the_running_workers_capture_it_too() {
    let world = World::start().await;
    let stop = CancellationToken::new();
    let workers = qisma::workers::start(&world.gateway, &stop);
    let payment = world.payment().await;
    world.go_to_bank(payment).await.pay(&world, VISA).await;
    world.clock.wait_for_sleepers(workers.len()).await;
    let captured = world.becomes(payment, "captured");
    world.clock.advance(61);
    captured.await;
    stop.cancel();
}

#[tokio::test]
async fn an_order_that_was_left_and_then_paid_captures_the_payment() {
    let world = World::start().await;
    let payment = world.payment().await;
    leave_the_card(&world, payment).await.pay(&world, FRICTIONLESS).await;
    world.pass(60).await;
    assert_eq!(world.state(payment).await, "captured");
    assert_eq!(world.attempts(payment).await, ["approved"]);
}

#[tokio::test]
async fn it_captures_though_a_code_is_being_waited_for() {
    let world = World::start().await;
    let payment = world.payment().await;
    let bank = leave_the_card(&world, payment).await;
    world.ask_for_code(payment).await;
    bank.pay(&world, FRICTIONLESS).await;
    world.pass(60).await;
    assert_eq!(world.attempts(payment).await, ["approved", "abandoned"]);
    assert_eq!((world.state(payment).await, world.wallet().await), ("captured", 15_000));
}

#[tokio::test]
async fn a_second_approval_goes_back_and_the_books_show_one_payment() {
    let world = World::start().await;
    let payment = world.payment().await;
    let bank = leave_the_card(&world, payment).await;
    world.pay_by_card(payment, VISA).await;
    bank.pay(&world, FRICTIONLESS).await;
    world.pass(60).await;
    assert_eq!(world.attempts(payment).await, ["voided", "approved"]);
    assert_eq!(world.order_status(payment, 1).await, Some(3));
    assert_eq!((world.clearing().await, world.balance("1234").await), (-10_000, 8_000));
    let events = world.events(payment).await;
    assert_eq!(events, ["payment.succeeded", "payment.duplicate_success_reversed"]);
}

#[tokio::test]
async fn an_approval_after_the_payer_canceled_goes_back() {
    let world = World::start().await;
    let payment = world.payment().await;
    let bank = world.go_to_bank(payment).await;
    world.open(payment).await.submit(&world, "/cancel", &[]).await;
    bank.pay(&world, FRICTIONLESS).await;
    world.pass(60).await;
    assert_eq!((world.state(payment).await, world.clearing().await), ("canceled", 0));
    assert_eq!(world.order_status(payment, 1).await, Some(3));
    let events = world.events(payment).await;
    assert_eq!(events, ["payment.canceled", "payment.late_success_reversed"]);
}

#[tokio::test]
async fn a_reversal_without_an_answer_is_read_before_it_is_tried_again() {
    let world = World::start().await;
    let payment = world.payment().await;
    let bank = world.go_to_bank(payment).await;
    world.open(payment).await.submit(&world, "/cancel", &[]).await;
    bank.pay(&world, FRICTIONLESS).await;
    world.arm(r#"{"fault": "lost_answer", "endpoint": "reverse", "times": 1}"#).await;
    world.pass(60).await;
    assert_eq!(world.attempts(payment).await, ["approved"]);
    world.pass(60).await;
    assert_eq!((world.attempts(payment).await, world.clearing().await), (vec!["voided"], 0));
}

#[tokio::test]
async fn a_reversal_that_fails_is_tried_again() {
    let world = World::start().await;
    let payment = world.payment().await;
    let bank = world.go_to_bank(payment).await;
    world.open(payment).await.submit(&world, "/cancel", &[]).await;
    bank.pay(&world, FRICTIONLESS).await;
    world.arm(r#"{"fault": "http500", "endpoint": "reverse", "times": 1}"#).await;
    world.pass(60).await;
    world.pass(60).await;
    assert_eq!(world.order_status(payment, 1).await, Some(3));
}

#[tokio::test]
async fn what_the_bank_no_longer_reverses_is_refunded_once() {
    let world = World::start().await;
    let payment = world.payment().await;
    let bank = world.go_to_bank(payment).await;
    world.open(payment).await.submit(&world, "/cancel", &[]).await;
    bank.pay(&world, FRICTIONLESS).await;
    world.arm(r#"{"fault": "lost_answer", "endpoint": "refund", "times": 1}"#).await;
    // The bank reverses within a day.
    world.pass(2 * 86_400).await;
    // So long after the session, a bank that did not answer is asked again after an hour.
    world.pass(3_600).await;
    let order = world.order(&format!("{payment}-1")).await;
    assert_eq!(order["paymentAmountInfo"]["refundedAmount"], 10_000, "{order}");
    assert_eq!((world.attempts(payment).await, world.clearing().await), (vec!["voided"], 0));
}

#[tokio::test]
async fn an_order_that_nobody_paid_is_looked_at_until_the_bank_is_final() {
    let world = World::start().await;
    let payment = world.payment().await;
    leave_the_card(&world, payment).await;
    world.pass(1_260).await;
    let aggregate = world.read(payment).await;
    assert_eq!(aggregate.payment.state.as_str(), "expired");
    assert_eq!(aggregate.attempts[0].card().unwrap().next_look_at, None);
}
