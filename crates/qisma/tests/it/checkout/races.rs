//! Many browsers at once: exactly one of them wins.

use futures_util::future::join_all;

use super::browser::{Page, VISA};
use super::world::{AMOUNT_MILLIMES, World};

const ROUNDS: usize = 200;
/// A phone takes five codes an hour.
const CODE_PAUSE_SECS: i64 = 720;

/// Sends one form this many times at once.
pub async fn submit_at_once(world: &World, page: &Page, action: &str, code: &str) {
    let typed = [("code", code)];
    let submits = (0..20).map(|_| page.submit(world, action, &typed));
    for page in join_all(submits).await {
        assert!(page.status < 500, "{}: {}", page.status, page.html);
    }
}

#[tokio::test]
async fn of_20_submits_of_the_card_one_opens_an_order() {
    // All rounds are of one address, and nobody pays.
    let world = World::start_with(&[("QISMA__CARDS__ATTEMPTS_PER_ADDRESS_MAX", "0")]).await;
    for _ in 0..ROUNDS {
        let payment = world.payment().await;
        let page = world.open(payment).await;
        submit_at_once(&world, &page, "/card", "").await;
        assert_eq!(world.attempts(payment).await, ["sent"]);
        let orders = [world.order_status(payment, 1).await, world.order_status(payment, 2).await];
        assert_eq!(orders, [Some(0), None]);
    }
}

#[tokio::test]
async fn of_20_submits_of_the_right_code_one_captures() {
    let world = World::start_rich().await;
    for _ in 0..ROUNDS {
        let held = world.wallet().await;
        let payment = world.payment().await;
        let page = world.ask_for_code(payment).await;
        let code = world.code().await;
        submit_at_once(&world, &page, "/code", &code).await;
        assert_eq!(world.events(payment).await, ["payment.succeeded"]);
        assert_eq!(world.wallet().await, held - AMOUNT_MILLIMES);
        world.pass(CODE_PAUSE_SECS).await;
    }
}

#[tokio::test]
async fn a_wallet_that_holds_one_payment_pays_one_of_two() {
    // A world of its own each time: on a server that is a database, which takes a while to make.
    let is_on_server = std::env::var_os(throwaway_postgres::PROFILE_VARIABLE).is_some();
    for _ in 0..if is_on_server { ROUNDS / 10 } else { ROUNDS } {
        let world = World::start().await;
        let (first, second) = (world.payment().await, world.payment().await);
        let first_page = world.ask_for_code(first).await;
        let first_code = world.code().await;
        world.pass(30).await;
        let second_page = world.ask_for_code(second).await;
        let second_code = world.code().await;
        tokio::join!(
            submit_at_once(&world, &first_page, "/code", &first_code),
            submit_at_once(&world, &second_page, "/code", &second_code),
        );
        let captured = [world.state(first).await, world.state(second).await]
            .iter()
            .filter(|state| **state == "captured")
            .count();
        assert_eq!((captured, world.wallet().await), (1, 5_000));
    }
}

#[tokio::test]
async fn at_the_deadline_the_code_or_the_clock_wins_but_not_both() {
    let world = World::start_rich().await;
    for _ in 0..ROUNDS {
        let held = world.wallet().await;
        let payment = world.payment_with(|new| new.session_timeout_secs = 60).await;
        let page = world.ask_for_code(payment).await;
        let code = world.code().await;
        world.clock.advance(59);
        tokio::join!(submit_at_once(&world, &page, "/code", &code), world.pass(1));
        let (state, spent) = (world.state(payment).await, held - world.wallet().await);
        assert!(
            matches!((state, spent), ("captured", AMOUNT_MILLIMES) | ("expired", 0)),
            "{state} {spent}"
        );
        world.pass(CODE_PAUSE_SECS).await;
    }
}

#[tokio::test]
async fn two_browsers_share_one_order_and_capture_once() {
    let world = World::start().await;
    let payment = world.payment().await;
    let (one, two) = (world.open(payment).await, world.open(payment).await);
    let first = one.submit(&world, "/card", &[]).await.leave(&world).await;
    let loser = two.submit(&world, "/card", &[]).await;
    assert!(loser.has_form("/change"), "{}", loser.html);
    let again = world.get(&format!("{}/pay/{payment}/leave", world.url)).await;
    assert_eq!(again.url, first.url);
    first.pay(&world, VISA).await.leave(&world).await;
    assert_eq!(world.events(payment).await, ["payment.succeeded"]);
}

#[tokio::test]
async fn whoever_comes_while_the_order_is_being_opened_waits_with_a_way_to_change() {
    let world = World::start().await;
    let payment = world.payment().await;
    let (one, two) = (world.open(payment).await, world.open(payment).await);
    world.arm(r#"{"fault": "late", "endpoint": "register", "delay_secs": 5}"#).await;
    let loser = async {
        while world.attempts(payment).await != ["init"] {
            tokio::task::yield_now().await;
        }
        // The bank has the order, and its answer is on the way.
        world.clock.wait_for_sleepers(1).await;
        let page = two.submit(&world, "/card", &[]).await;
        assert_eq!(page.status, 200, "{}", page.html);
        assert!(page.has_form("/change"), "{}", page.html);
        assert!(page.html.contains("http-equiv=\"refresh\" content=\"5\""), "{}", page.html);
        let page = page.submit(&world, "/change", &[]).await;
        assert_eq!((page.status, page.has_form("/change")), (200, true), "{}", page.html);
        world.clock.advance(5);
    };
    let (first, ()) = tokio::join!(one.submit(&world, "/card", &[]), loser);
    let bank = first.leave(&world).await;
    assert!(bank.url.starts_with(&world.bank), "{}", bank.url);
    let page = world.open(payment).await;
    assert!(page.html.contains("/leave\"") && page.has_form("/change"), "{}", page.html);
}

#[tokio::test]
async fn a_form_sent_again_by_the_back_button_changes_nothing() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.open(payment).await;
    world.pay_by_card(payment, VISA).await;
    for form in ["/card", "/cancel"] {
        let after = page.submit(&world, form, &[]).await;
        assert!(after.html.contains("/leave"), "{}", after.html);
    }
    assert_eq!(world.events(payment).await, ["payment.succeeded"]);
}
