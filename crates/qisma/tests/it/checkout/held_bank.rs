//! Pre-authorised payments whose bank, clock or gateway does not do what was hoped for.

use qisma::workers::fold;
use serde_json::json;

use super::browser::FRICTIONLESS;
use super::held::{HOLD_SECS, purse};
use super::world::{AMOUNT_MILLIMES, World};

const DEFERRED: (&str, &str) = ("QISMA__LEDGER__FOLD", "deferred");

impl World {
    async fn arm_at(&self, endpoint: &str, fault: &str) {
        let fault = json!({ "fault": fault, "endpoint": endpoint, "times": 1 });
        self.arm(&fault.to_string()).await;
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_after_and_the_money_taken_once() {
    let world = World::start().await;
    let payment = world.held_by_card().await;
    world.arm_at("deposit", "lost_answer").await;
    let reply = world.confirm(payment, Some(4_000)).await;
    let body = reply.json();
    assert_eq!((reply.status, &body["status"]), (200, &json!("pending")));
    assert_eq!(world.verified(payment).await["status"], "PREAUTH_SUCCESS");
    world.pass_holding(5).await;
    assert_eq!(world.verified(payment).await["status"], "SUCCESS");
    assert_eq!(world.taken_at_bank(payment).await, (4_000, 2));
    assert_eq!(world.clearing().await, -4_000);
}

#[tokio::test]
async fn what_never_reached_the_bank_is_sent_again_after_five_minutes_and_not_before() {
    let world = World::start().await;
    let payment = world.held_by_card().await;
    world.arm_at("deposit", "http503").await;
    world.confirm(payment, Some(4_000)).await;
    for secs in [5, 30, 60, 60, 60, 60] {
        world.pass_holding(secs).await;
        assert_eq!(world.taken_at_bank(payment).await, (0, 1));
    }
    world.pass_holding(60).await;
    assert_eq!(world.taken_at_bank(payment).await, (4_000, 2));
    assert_eq!(world.state(payment).await, "captured");
}

#[tokio::test]
async fn a_refusal_is_told_and_the_payment_can_be_confirmed_again() {
    let world = World::start().await;
    let payment = world.held_by_card().await;
    world.arm_at("deposit", "refused").await;
    let reply = world.confirm(payment, Some(4_000)).await;
    assert_eq!((reply.status, reply.error().as_str()), (409, "capture_refused"));
    assert_eq!(world.verified(payment).await["status"], "PREAUTH_SUCCESS");
    assert_eq!(world.confirm(payment, Some(3_000)).await.status, 200);
    assert_eq!(
        world.events(payment).await,
        ["payment.authorized", "payment.capture_refused", "payment.succeeded"]
    );
}

#[tokio::test]
async fn while_the_bank_does_not_say_nothing_else_can_be_done() {
    let world = World::start().await;
    let payment = world.held_by_card().await;
    world.arm_at("deposit", "lost_answer").await;
    world.confirm(payment, None).await;
    let replies = [world.confirm(payment, None).await, world.cancel(payment).await];
    let told = replies.each_ref().map(|reply| (reply.status, reply.error()));
    assert_eq!(told, [(); 2].map(|()| (409, "capture_under_way".to_owned())));
    world.pass_holding(5).await;
    assert_eq!(world.state(payment).await, "captured");
}

#[tokio::test]
async fn what_a_card_holds_is_let_go_after_seven_days() {
    let world = World::start().await;
    let payment = world.held_by_card().await;
    world.pass_holding(HOLD_SECS - 60).await;
    assert_eq!(world.verified(payment).await["status"], "PREAUTH_SUCCESS");
    world.pass_holding(60).await;
    assert_eq!(world.verified(payment).await["status"], "EXPIRED");
    assert_eq!(world.taken_at_bank(payment).await, (0, 3));
    assert_eq!(world.events(payment).await, ["payment.authorized", "payment.expired"]);
}

#[tokio::test]
async fn what_a_wallet_holds_is_free_after_seven_days() {
    let world = World::start().await;
    let payment = world.held_by_wallet().await;
    world.pass_holding(HOLD_SECS).await;
    assert_eq!((world.state(payment).await, world.purse().await), ("expired", purse(15_000, 0)));
}

#[tokio::test]
async fn whoever_verifies_at_the_end_of_the_time_reads_that_it_has_ended() {
    let world = World::start().await;
    let payment = world.held_by_wallet().await;
    world.clock.advance(HOLD_SECS + 1);
    assert_eq!(world.verified(payment).await["status"], "EXPIRED");
    assert_eq!(world.purse().await, purse(15_000, 0));
}

#[tokio::test]
async fn a_setting_says_for_how_long_money_is_held() {
    let world = World::start_with(&[("QISMA__PAYMENTS__AUTHORIZATION_TIMEOUT_SECS", "3600")]).await;
    let body = json!({
        "amount": 10_000,
        "success_link": "https://shop.example/ok",
        "fail_link": "https://shop.example/no",
        "accept_card": true,
        "pre_authorization": "true",
        "pre_auth": 1,
    });
    let id = qisma_domain::ids::PaymentId::parse(&world.made(&body).await);
    let payment = id.unwrap();
    world.pay_by_card(payment, FRICTIONLESS).await;
    world.pass_holding(3_540).await;
    assert_eq!(world.state(payment).await, "authorized");
    world.pass_holding(60).await;
    assert_eq!(world.state(payment).await, "expired");
}

#[tokio::test]
async fn two_names_that_say_two_things_are_a_mistake() {
    let world = World::start().await;
    let body = json!({
        "amount": 10_000,
        "success_link": "https://shop.example/ok",
        "fail_link": "https://shop.example/no",
        "pre_authorization": true,
        "pre_auth": false,
    });
    let reply = world.generate(&world.caller, &body).await;
    assert_eq!((reply.status, reply.refused_fields()), (400, vec!["pre_auth".to_owned()]));
}

#[tokio::test]
async fn a_lost_answer_of_the_reversal_is_read_before_it_is_asked_for_again() {
    let world = World::start().await;
    let payment = world.held_by_card().await;
    world.arm_at("reverse", "lost_answer").await;
    world.cancel(payment).await;
    world.work().await;
    assert_eq!(world.attempts(payment).await, ["approved"]);
    world.pass_holding(3_600).await;
    assert_eq!(world.attempts(payment).await, ["voided"]);
    assert_eq!(world.taken_at_bank(payment).await, (0, 3));
}

#[tokio::test]
async fn a_reversal_that_is_refused_is_asked_for_again_and_an_operator_is_told() {
    let world = World::start().await;
    let payment = world.held_by_card().await;
    world.arm_at("reverse", "refused").await;
    world.cancel(payment).await;
    world.work().await;
    assert!(world.read(payment).await.attempts[0].card().unwrap().needs_operator);
    world.pass_holding(3_600).await;
    assert_eq!(world.taken_at_bank(payment).await, (0, 3));
}

#[tokio::test]
async fn an_approval_after_the_payment_ended_is_let_go() {
    let world = World::start().await;
    let payment = world.payment_to_hold().await;
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
async fn a_second_approval_is_let_go_and_the_first_is_held() {
    let world = World::start().await;
    let payment = world.payment_to_hold().await;
    let bank = world.go_to_bank(payment).await;
    world.open(payment).await.submit(&world, "/change", &[]).await;
    world.pay_by_card(payment, FRICTIONLESS).await;
    bank.pay(&world, FRICTIONLESS).await;
    world.pass(60).await;
    assert_eq!(world.attempts(payment).await, ["voided", "approved"]);
    let standing = [world.order_status(payment, 1).await, world.order_status(payment, 2).await];
    assert_eq!((world.state(payment).await, standing), ("authorized", [Some(3), Some(1)]));
}

#[tokio::test]
async fn where_balances_follow_later_a_part_is_taken_by_the_fold_and_the_rest_is_free_with_it() {
    let world = World::start_with(&[DEFERRED]).await;
    let payment = world.held_by_wallet().await;
    assert_eq!(world.purse().await, purse(15_000, AMOUNT_MILLIMES));
    world.confirm(payment, Some(4_000)).await;
    assert_eq!(world.purse().await, purse(15_000, AMOUNT_MILLIMES));
    fold::step(&world.gateway).await;
    assert_eq!(world.purse().await, purse(11_000, 0));
    assert_eq!(world.balance("1234").await, 3_200);
}

#[tokio::test]
async fn where_balances_follow_later_what_is_canceled_is_free_at_once() {
    let world = World::start_with(&[DEFERRED]).await;
    let payment = world.held_by_wallet().await;
    world.cancel(payment).await;
    assert_eq!(world.purse().await, purse(15_000, 0));
}

#[tokio::test]
async fn a_gateway_that_is_started_again_brings_a_capture_to_its_end() {
    let mut world = World::start().await;
    let payment = world.held_by_card().await;
    world.arm_at("deposit", "lost_answer").await;
    world.confirm(payment, None).await;
    world.restart_with(&[]).await;
    world.pass_holding(60).await;
    assert_eq!(world.state(payment).await, "captured");
    assert_eq!(world.clearing().await, -AMOUNT_MILLIMES);
}
