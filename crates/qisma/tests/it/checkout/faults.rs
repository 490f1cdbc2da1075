//! A bank that breaks: what is not known is never called failed.

use super::browser::{FRICTIONLESS, VISA};
use super::world::World;

#[tokio::test]
async fn a_lost_answer_to_the_registration_makes_room_for_another_try() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.arm(r#"{"fault": "lost_answer", "endpoint": "register", "times": 1}"#).await;
    let page = world.open(payment).await.submit(&world, "/card", &[]).await;
    assert!(page.html.contains("Carte indisponible"), "{}", page.html);
    world.pay_by_card(payment, VISA).await;
    assert_eq!(world.attempts(payment).await, ["abandoned", "approved"]);
}

#[tokio::test]
async fn a_bank_that_refuses_every_call_leaves_the_payer_waiting() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.arm(r#"{"fault": "http503"}"#).await;
    let page = world.open(payment).await.submit(&world, "/card", &[]).await;
    assert!(page.html.contains("http-equiv=\"refresh\" content=\"5\""), "{}", page.html);
    assert_eq!(world.attempts(payment).await, ["unknown"]);
    world.disarm().await;
    world.pass(5).await;
    assert_eq!(
        (world.state(payment).await, world.attempts(payment).await),
        ("created", vec!["abandoned"])
    );
}

#[tokio::test]
async fn a_bank_that_is_away_is_said_to_be_unavailable() {
    // Nobody listens on this port.
    let world =
        World::start_with(&[("QISMA__ACQUIRERS__SANDBOX__URL", "http://127.0.0.1:9")]).await;
    let payment = world.payment().await;
    let page = world.open(payment).await.submit(&world, "/card", &[]).await;
    assert!(page.html.contains("Carte indisponible"), "{}", page.html);
    assert!(page.has_form("/wallet"));
}

#[tokio::test]
async fn an_unreadable_status_leaves_the_payment_pending_and_the_next_look_captures_it() {
    for fault in ["http500", "http503", "html", "malformed_json", "lost_answer"] {
        let world = World::start().await;
        let payment = world.payment().await;
        let bank = world.go_to_bank(payment).await;
        let last = bank.pay(&world, VISA).await;
        let endpoint = "getOrderStatusExtended";
        world.arm(&format!(r#"{{"fault": "{fault}", "endpoint": "{endpoint}"}}"#)).await;
        last.leave(&world).await;
        assert_eq!(world.state(payment).await, "processing", "{fault}");
        world.disarm().await;
        world.pass(60).await;
        assert_eq!(world.state(payment).await, "captured", "{fault}");
    }
}

#[tokio::test]
async fn a_bank_that_hangs_is_not_waited_for() {
    let world = World::start_with(&[("QISMA__ACQUIRERS__TIMEOUT_SECS", "1")]).await;
    let payment = world.payment().await;
    world.arm(r#"{"fault": "hang", "endpoint": "register", "times": 1}"#).await;
    world.open(payment).await.submit(&world, "/card", &[]).await;
    assert_eq!(world.state(payment).await, "created");
}

#[tokio::test]
async fn another_amount_or_currency_is_not_believed() {
    for fault in ["wrong_amount", "wrong_currency"] {
        let world = World::start().await;
        let payment = world.payment().await;
        world.arm(&format!(r#"{{"fault": "{fault}"}}"#)).await;
        world.pay_by_card(payment, VISA).await;
        assert_eq!(world.state(payment).await, "processing", "{fault}");
        let aggregate = world.read(payment).await;
        assert!(aggregate.attempts[0].card().unwrap().needs_operator, "{fault}");
    }
}

#[tokio::test]
async fn while_the_bank_cannot_say_the_payer_can_neither_change_nor_cancel() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.go_to_bank(payment).await;
    world.arm(r#"{"fault": "http500"}"#).await;
    for form in ["/change", "/cancel"] {
        let page = world.open(payment).await.submit(&world, form, &[]).await;
        assert!(page.url.ends_with("notice=bank_undecided"), "{}", page.url);
    }
    assert_eq!(world.attempts(payment).await, ["sent"]);
}

#[tokio::test]
async fn a_payer_whose_approval_was_lost_at_the_bank_is_captured() {
    let world = World::start().await;
    let payment = world.payment().await;
    let bank = world.go_to_bank(payment).await;
    world.arm(r#"{"fault": "approve_lost", "endpoint": "bank"}"#).await;
    bank.pay(&world, FRICTIONLESS).await;
    world.pass(60).await;
    assert_eq!(world.state(payment).await, "captured");
}

#[tokio::test]
async fn a_bank_that_never_tells_is_left_to_an_operator() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.go_to_bank(payment).await;
    world.arm(r#"{"fault": "http500"}"#).await;
    for secs in [1_200, 600, 3_600, 21_600, 86_400] {
        world.pass(secs).await;
    }
    let aggregate = world.read(payment).await;
    let card = aggregate.attempts[0].card().unwrap();
    assert_eq!((card.needs_operator, card.next_look_at), (true, None));
    assert_eq!(aggregate.payment.state.as_str(), "processing");
}
