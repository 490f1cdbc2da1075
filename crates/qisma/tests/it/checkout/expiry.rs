//! Payments whose time is over.

use super::browser::VISA;
use super::world::World;

#[tokio::test]
async fn an_expired_payment_leads_to_the_fail_link() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.clock.advance(1_200);
    let shop = world.open(payment).await.leave(&world).await;
    assert_eq!(shop.url, format!("https://shop.example/sorry?payment_id={payment}"));
    assert_eq!(world.state(payment).await, "expired");
}

#[tokio::test]
async fn a_payment_nobody_opens_is_expired_by_the_worker() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.ask_for_code(payment).await;
    world.pass(1_200).await;
    assert_eq!(world.state(payment).await, "expired");
    assert_eq!(world.attempts(payment).await, ["abandoned"]);
}

#[tokio::test]
async fn a_moment_before_its_deadline_a_payment_can_be_paid() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.pass(1_199).await;
    world.pay_by_card(payment, VISA).await;
    assert_eq!(world.state(payment).await, "captured");
}

#[tokio::test]
async fn a_code_typed_at_the_deadline_pays_nothing() {
    let world = World::start().await;
    let payment = world.payment_with(|new| new.session_timeout_secs = 60).await;
    let page = world.ask_for_code(payment).await;
    let code = world.code().await;
    world.clock.advance(60);
    let page = page.submit(&world, "/code", &[("code", &code)]).await;
    assert!(page.html.contains("/leave"), "{}", page.html);
    assert_eq!((world.state(payment).await, world.wallet().await), ("expired", 15_000));
}

#[tokio::test]
async fn an_open_card_holds_expiry_up_until_the_bank_is_final() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.go_to_bank(payment).await;
    world.clock.advance(1_200);
    world.open(payment).await;
    assert_eq!(world.state(payment).await, "processing");
    world.work().await;
    assert_eq!(world.state(payment).await, "expired");
}

#[tokio::test]
async fn the_status_tells_the_deadline_as_the_page_does() {
    let world = World::start().await;
    let payment = world.payment().await;
    let status = format!("{}/pay/{payment}/status", world.url);
    assert_eq!(world.get(&status).await.html, r#"{"state":"created"}"#);
    world.clock.advance(1_200);
    assert_eq!(world.get(&status).await.html, r#"{"state":"expired"}"#);
}

#[tokio::test]
async fn old_idempotency_keys_are_forgotten() {
    let world = World::start().await;
    let next = qisma::workers::prune::step(&world.gateway).await;
    assert_eq!(next, Some(crate::test_app::START.plus_secs(3_600)));
}
