//! The same checkout where balances follow the journal later. When each world goes, the books are
//! checked, whatever waits to be folded.

use qisma::workers::{self, fold};
use qisma_domain::account::Balance;
use qisma_domain::challenge::CodeKey;
use qisma_domain::decide::check_code::{CheckCode, Checked};
use qisma_domain::decide::place_hold::HoldAnswer;
use qisma_domain::ids::PaymentId;
use qisma_store::Shards;
use tokio_util::sync::CancellationToken;

use super::browser::{Page, VISA};
use super::races::submit_at_once;
use super::world::{AMOUNT_MILLIMES, World};

const DEFERRED: (&str, &str) = ("QISMA__LEDGER__FOLD", "deferred");
const INLINE: (&str, &str) = ("QISMA__LEDGER__FOLD", "inline");
const ROUNDS: usize = 50;
/// A phone takes five codes an hour.
const CODE_PAUSE_SECS: i64 = 720;

async fn world() -> World {
    World::start_with(&[DEFERRED]).await
}

async fn shares(world: &World) -> [i64; 2] {
    [world.balance("1234").await, world.balance("4321").await]
}

async fn unfolded(world: &World) -> i64 {
    let read = world.gateway.store.read(|reader| reader.unfolded(&Shards::all()));
    read.await.unwrap().lines
}

async fn code_page(world: &World) -> (PaymentId, Page, String) {
    let payment = world.payment().await;
    let page = world.ask_for_code(payment).await;
    (payment, page, world.code().await)
}

/// What a gateway has done that died between the hold and the capture.
async fn hold_only(world: &World, payment: PaymentId, code: String) {
    let store = &world.gateway.store;
    let code_key = CodeKey::new(*world.gateway.keyring.otp_key());
    let checked = store.run(CheckCode { payment, code, code_key }).await.unwrap();
    let Checked::Right(wish) = checked else { panic!("{checked:?}") };
    assert_eq!(store.run(wish).await.unwrap(), HoldAnswer::Held);
}

const fn purse(posted_millimes: i64, held_millimes: i64) -> Balance {
    Balance { posted_millimes, held_millimes }
}

#[tokio::test]
async fn a_capture_by_card_shows_in_balances_after_the_fold() {
    let world = world().await;
    let payment = world.payment().await;
    world.pay_by_card(payment, VISA).await;
    assert_eq!((world.state(payment).await, shares(&world).await), ("captured", [0, 0]));
    fold::step(&world.gateway).await;
    assert_eq!((shares(&world).await, world.clearing().await), ([8_000, 2_000], -10_000));
    assert_eq!(unfolded(&world).await, 0);
}

#[tokio::test]
async fn a_capture_by_wallet_is_held_at_once_and_booked_by_the_fold() {
    let world = world().await;
    let (payment, page, code) = code_page(&world).await;
    let paid = page.submit(&world, "/code", &[("code", &code)]).await;
    assert!(paid.html.contains("/leave"), "{}", paid.html);
    assert_eq!(world.state(payment).await, "captured");
    assert_eq!(world.purse().await, purse(15_000, 10_000));
    fold::step(&world.gateway).await;
    assert_eq!((world.purse().await, shares(&world).await), (purse(5_000, 0), [8_000, 2_000]));
}

#[tokio::test]
async fn the_running_workers_fold_what_was_captured() {
    let world = world().await;
    let stop = CancellationToken::new();
    let workers = workers::start(&world.gateway, &stop);
    let payment = world.payment().await;
    world.pay_by_card(payment, VISA).await;
    let folded = async {
        while shares(&world).await != [8_000, 2_000] {
            world.clock.wait_for_sleepers(workers.len()).await;
            world.clock.advance(1);
        }
    };
    tokio::time::timeout(super::world::PATIENCE, folded).await.expect("it was never folded");
    stop.cancel();
}

#[tokio::test]
async fn a_wallet_that_has_too_little_is_declined_and_holds_nothing() {
    let world = world().await;
    let (first, page, code) = code_page(&world).await;
    page.submit(&world, "/code", &[("code", &code)]).await;
    world.pass(30).await;
    let (second, page, code) = code_page(&world).await;
    page.submit(&world, "/code", &[("code", &code)]).await;
    let states = [world.state(first).await, world.state(second).await];
    assert_eq!((states, world.purse().await), (["captured", "created"], purse(5_000, 0)));
    assert_eq!(world.attempts(second).await, ["declined"]);
}

#[tokio::test]
async fn a_wrong_code_holds_nothing_and_is_counted() {
    let world = world().await;
    let (payment, page, code) = code_page(&world).await;
    page.submit(&world, "/code", &[("code", &super::browser::wrong(&code))]).await;
    assert_eq!(world.read(payment).await.live_challenge().unwrap().tries, 1);
    assert_eq!(world.purse().await, purse(15_000, 0));
}

#[tokio::test]
async fn money_that_was_held_and_never_taken_is_free_again_after_minutes() {
    let world = world().await;
    let (payment, _, code) = code_page(&world).await;
    hold_only(&world, payment, code).await;
    world.pass(899).await;
    assert_eq!((world.attempts(payment).await, world.wallet().await), (vec!["init"], 5_000));
    world.pass(1).await;
    assert_eq!((world.attempts(payment).await, world.wallet().await), (vec!["abandoned"], 15_000));
}

#[tokio::test]
async fn whoever_types_the_code_again_takes_what_was_held_before() {
    let world = world().await;
    let (payment, page, code) = code_page(&world).await;
    hold_only(&world, payment, code.clone()).await;
    page.submit(&world, "/code", &[("code", &code)]).await;
    assert_eq!(world.state(payment).await, "captured");
    world.pass(1_000).await;
    assert_eq!(world.purse().await, purse(5_000, 0));
}

#[tokio::test]
async fn a_captured_hold_is_kept_until_it_is_folded_however_late() {
    let world = world().await;
    let (_, page, code) = code_page(&world).await;
    page.submit(&world, "/code", &[("code", &code)]).await;
    world.clock.advance(10_000);
    workers::holds::step(&world.gateway).await;
    assert_eq!(world.purse().await, purse(15_000, 10_000));
    fold::step(&world.gateway).await;
    assert_eq!(world.purse().await, purse(5_000, 0));
}

#[tokio::test]
async fn the_setting_changes_at_a_restart_and_back_and_nothing_is_lost() {
    let mut world = World::start_rich_with(&[DEFERRED]).await;
    let first = world.payment().await;
    world.pay_by_card(first, VISA).await;
    world.restart_with(&[INLINE]).await;
    let second = world.payment().await;
    world.pay_by_card(second, VISA).await;
    assert_eq!((shares(&world).await, unfolded(&world).await), ([8_000, 2_000], 3));
    world.restart_with(&[DEFERRED]).await;
    let third = world.payment().await;
    world.pay_by_card(third, VISA).await;
    world.work().await;
    assert_eq!((shares(&world).await, unfolded(&world).await), ([24_000, 6_000], 0));
}

#[tokio::test]
async fn what_an_earlier_setting_held_is_free_though_the_capture_took_from_the_balance() {
    let mut world = World::start_rich_with(&[DEFERRED]).await;
    let held = world.wallet().await;
    let (payment, _, code) = code_page(&world).await;
    hold_only(&world, payment, code.clone()).await;
    world.restart_with(&[INLINE]).await;
    world.open(payment).await.submit(&world, "/code", &[("code", &code)]).await;
    assert_eq!(world.state(payment).await, "captured");
    world.pass(900).await;
    assert_eq!(world.purse().await, purse(held - AMOUNT_MILLIMES, 0));
}

#[tokio::test]
async fn of_20_submits_of_the_right_code_one_captures_and_one_hold_is_taken() {
    let world = World::start_rich_with(&[DEFERRED]).await;
    for _ in 0..ROUNDS {
        let held = world.wallet().await;
        let (payment, page, code) = code_page(&world).await;
        submit_at_once(&world, &page, "/code", &code).await;
        assert_eq!(world.events(payment).await, ["payment.succeeded"]);
        assert_eq!(world.wallet().await, held - AMOUNT_MILLIMES);
        world.pass(CODE_PAUSE_SECS).await;
        assert_eq!(world.purse().await, purse(held - AMOUNT_MILLIMES, 0));
    }
}

#[tokio::test]
async fn a_wallet_that_holds_one_payment_pays_one_of_two() {
    for _ in 0..ROUNDS / 10 {
        let world = world().await;
        let (first, first_page, first_code) = code_page(&world).await;
        world.pass(30).await;
        let (second, second_page, second_code) = code_page(&world).await;
        tokio::join!(
            submit_at_once(&world, &first_page, "/code", &first_code),
            submit_at_once(&world, &second_page, "/code", &second_code),
        );
        let states = [world.state(first).await, world.state(second).await];
        let captured = states.iter().filter(|state| **state == "captured").count();
        fold::step(&world.gateway).await;
        assert_eq!((captured, world.purse().await), (1, purse(5_000, 0)));
    }
}

#[tokio::test]
async fn at_the_deadline_the_code_or_the_clock_wins_and_what_was_held_for_the_loser_is_free() {
    let world = World::start_rich_with(&[DEFERRED]).await;
    for _ in 0..ROUNDS {
        let held = world.wallet().await;
        let payment = world.payment_with(|new| new.session_timeout_secs = 60).await;
        let page = world.ask_for_code(payment).await;
        let code = world.code().await;
        world.clock.advance(59);
        tokio::join!(submit_at_once(&world, &page, "/code", &code), world.pass(1));
        world.pass(CODE_PAUSE_SECS).await;
        let (state, after) = (world.state(payment).await, world.purse().await);
        let spent = held - after.posted_millimes;
        assert!(
            matches!((state, spent), ("captured", AMOUNT_MILLIMES) | ("expired", 0)),
            "{state} {spent}"
        );
        assert_eq!(after.held_millimes, 0);
    }
}
