//! Callbacks of the bank.

use super::browser::VISA;
use super::world::World;

#[tokio::test]
async fn a_signed_callback_captures_a_payment_whose_payer_is_gone() {
    let world = World::start_with_callbacks().await;
    let payment = world.payment().await;
    world.go_to_bank(payment).await.pay(&world, VISA).await;
    world.becomes(payment, "captured").await;
}

#[tokio::test]
async fn a_callback_without_a_checksum_is_refused_and_changes_nothing() {
    let world = World::start_with_callbacks().await;
    let payment = world.payment().await;
    world.go_to_bank(payment).await;
    let query = format!("mdOrder=x&orderNumber={payment}-1&operation=deposited&status=1");
    let url = format!("{}/acquirers/sandbox/callback", world.url);
    for query in [query.clone(), format!("{query}&checksum={}", "0".repeat(64))] {
        assert_eq!(world.get(&format!("{url}?{query}")).await.status, 401);
        let form = "application/x-www-form-urlencoded";
        let call = world.client.post(&url).header("content-type", form).body(query);
        assert_eq!(call.send().await.unwrap().status(), 401);
    }
    assert_eq!(world.state(payment).await, "processing");
}

#[tokio::test]
async fn forged_and_repeated_callbacks_capture_nothing_twice() {
    let world = World::start_with_callbacks().await;
    let payment = world.payment().await;
    world.arm(r#"{"fault": "forged_callback", "endpoint": "register"}"#).await;
    world.arm(r#"{"fault": "duplicate_callback", "endpoint": "callback"}"#).await;
    let bank = world.go_to_bank(payment).await;
    world.work().await;
    assert_eq!(world.state(payment).await, "processing");
    bank.pay(&world, VISA).await.leave(&world).await;
    world.pass(60).await;
    assert_eq!(world.events(payment).await, ["payment.succeeded"]);
    assert_eq!(world.clearing().await, -10_000);
}

#[tokio::test]
async fn an_acquirer_that_is_not_set_up_has_no_callbacks() {
    let world = World::start_with_callbacks().await;
    assert_eq!(world.get(&format!("{}/acquirers/smt/callback?a=b", world.url)).await.status, 404);
}
