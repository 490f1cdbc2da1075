//! Payments that came by a QR code: a payer without a shop.

use qisma_domain::ids::PaymentId;
use qisma_domain::payment::Channel;

use super::world::World;

async fn scanned(world: &World) -> PaymentId {
    let change = |new: &mut qisma_domain::decide::create_payment::NewPayment| {
        new.channel = Channel::Qr;
        (new.success_link, new.fail_link, new.accept_card) = (None, None, false);
    };
    world.payment_with(change).await
}

#[tokio::test]
async fn a_scanned_payment_is_paid_and_stays_on_our_page() {
    let world = World::start().await;
    let payment = scanned(&world).await;
    let page = world.ask_for_code(payment).await;
    let paid = page.submit(&world, "/code", &[("code", &world.code().await)]).await;
    assert_eq!((world.state(payment).await, paid.status), ("captured", 200));
    assert!(!paid.html.contains("http-equiv") && !paid.html.contains("/leave"), "{}", paid.html);
    // An old page of this payment may still ask to leave.
    let stays = world.get(&format!("{}/pay/{payment}/leave", world.url)).await;
    assert_eq!(stays.url, format!("{}/pay/{payment}", world.url));
}

#[tokio::test]
async fn a_scanned_payment_that_is_canceled_stays_on_our_page() {
    let world = World::start().await;
    let payment = scanned(&world).await;
    let canceled = world.open(payment).await.submit(&world, "/cancel", &[]).await;
    assert_eq!(world.state(payment).await, "canceled");
    assert!(!canceled.html.contains("http-equiv"), "{}", canceled.html);
}

#[tokio::test]
async fn a_payment_that_a_wallet_may_pay_shows_its_code() {
    let world = World::start().await;
    let page = world.open(world.payment().await).await;
    assert!(page.html.contains("role=\"img\" aria-label=\"Code QR pour payer"), "{}", page.html);
}

#[tokio::test]
async fn a_payment_that_only_a_card_may_pay_shows_no_code() {
    let world = World::start_with(&[("QISMA__RAILS__WALLET__ENABLED", "never")]).await;
    let page = world.open(world.payment().await).await;
    assert!(!page.html.contains("class=\"scan\""), "{}", page.html);
}
