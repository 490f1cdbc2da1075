//! Paying by card.

use qisma_domain::link::Link;

use super::browser::{FRICTIONLESS, NO_FUNDS, VISA};
use super::world::World;

#[tokio::test]
async fn a_card_with_3d_secure_pays_and_leads_to_the_success_link() {
    let world = World::start().await;
    let payment = world.payment().await;
    let paid = world.pay_by_card(payment, VISA).await;
    assert_eq!(world.state(payment).await, "captured");
    let shop = paid.leave(&world).await;
    assert_eq!(shop.url, format!("https://shop.example/thanks?basket=7&payment_id={payment}"));
}

#[tokio::test]
async fn what_a_card_paid_is_pending_for_each_merchant_and_owed_by_the_bank() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.pay_by_card(payment, FRICTIONLESS).await;
    let shares = [world.balance("1234").await, world.balance("4321").await];
    assert_eq!((shares, world.clearing().await), ([8_000, 2_000], -10_000));
}

#[tokio::test]
async fn the_card_that_paid_is_kept_masked() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.pay_by_card(payment, VISA).await;
    let aggregate = world.read(payment).await;
    let card = aggregate.attempts[0].card().unwrap().card.clone().unwrap();
    assert_eq!((card.masked_pan.as_str(), card.expiration.as_str()), ("450921**1119", "202612"));
}

#[tokio::test]
async fn a_declined_payer_reads_why_and_pays_with_another_card() {
    let world = World::start().await;
    let payment = world.payment().await;
    let declined = world.pay_by_card(payment, NO_FUNDS).await;
    assert!(declined.html.contains("Paiement refusé"), "{}", declined.html);
    world.pay_by_card(payment, VISA).await;
    assert_eq!(world.attempts(payment).await, ["declined", "approved"]);
    assert_eq!(world.state(payment).await, "captured");
}

#[tokio::test]
async fn five_declines_are_the_end() {
    let world = World::start().await;
    let payment = world.payment().await;
    let mut page = world.pay_by_card(payment, NO_FUNDS).await;
    for _ in 0..4 {
        page = world.pay_by_card(payment, NO_FUNDS).await;
    }
    assert_eq!(world.state(payment).await, "failed");
    let shop = page.leave(&world).await;
    assert_eq!(shop.url, format!("https://shop.example/sorry?payment_id={payment}"));
}

#[tokio::test]
async fn going_back_from_the_bank_shows_the_way_on_and_no_second_order() {
    let world = World::start().await;
    let payment = world.payment().await;
    let bank = world.go_to_bank(payment).await;
    let page = world.open(payment).await;
    assert!(page.has_form("/change") && !page.has_form("/card"), "{}", page.html);
    let again = world.get(&format!("{}/pay/{payment}/leave", world.url)).await;
    assert_eq!(again.url, bank.url);
}

#[tokio::test]
async fn who_has_paid_in_another_tab_asks_to_check_again() {
    let world = World::start().await;
    let payment = world.payment().await;
    let bank = world.go_to_bank(payment).await;
    let open = world.open(payment).await;
    bank.pay(&world, FRICTIONLESS).await;
    let check = format!("/pay/{payment}/return");
    assert!(open.html.contains(&format!("href=\"{check}\"")), "{}", open.html);
    let paid = world.get(&format!("{}{check}", world.url)).await;
    assert!(paid.html.contains("/leave"), "{}", paid.html);
}

#[tokio::test]
async fn leaving_the_card_for_the_wallet_pays_once() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.go_to_bank(payment).await;
    let choose = world.open(payment).await.submit(&world, "/change", &[]).await;
    assert!(choose.has_form("/wallet"), "{}", choose.html);
    let code_page = world.ask_for_code(payment).await;
    let code = world.code().await;
    code_page.submit(&world, "/code", &[("code", &code)]).await;
    assert_eq!(world.attempts(payment).await, ["abandoned", "approved"]);
    assert_eq!(world.wallet().await, 5_000);
}

#[tokio::test]
async fn a_card_that_has_paid_cannot_be_left() {
    let world = World::start().await;
    let payment = world.payment().await;
    let bank = world.go_to_bank(payment).await;
    let open = world.open(payment).await;
    bank.pay(&world, FRICTIONLESS).await;
    open.submit(&world, "/change", &[]).await;
    assert_eq!(world.state(payment).await, "captured");
}

#[tokio::test]
async fn canceling_with_an_unpaid_card_open_leads_to_the_fail_link() {
    let world = World::start().await;
    let payment = world.payment().await;
    world.go_to_bank(payment).await;
    let canceled = world.open(payment).await.submit(&world, "/cancel", &[]).await;
    let shop = canceled.leave(&world).await;
    assert_eq!(shop.url, format!("https://shop.example/sorry?payment_id={payment}"));
    assert_eq!(world.events(payment).await, ["payment.canceled"]);
}

#[tokio::test]
async fn a_payment_without_cards_offers_none() {
    let world = World::start().await;
    let payment = world.payment_with(|new| new.accept_card = false).await;
    assert!(!world.open(payment).await.has_form("/card"));
}

#[tokio::test]
async fn an_image_is_shown_and_allowed_only_over_https() {
    let world = World::start().await;
    for (image, shown) in [("https://cdn.example/a.png", true), ("http://cdn.example/a.png", false)]
    {
        let link = Link::from_stored(image).unwrap();
        let payment = world.payment_with(|new| new.image_url = Some(link)).await;
        let page = world.open(payment).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert_eq!(page.html.contains(image), shown);
        assert_eq!(policy.contains("cdn.example"), shown);
    }
}
