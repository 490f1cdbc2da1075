//! Commits without an answer: each is settled, and has happened once.

use qisma_domain::decide::create_merchant::CreateMerchant;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::task::JoinSet;

use qisma_store::{Engine, PostgresOptions};
use throwaway_postgres::Profile;

use super::Behind;
use super::proxy::Deed;
use crate::commands::{create, create_merchant};
use crate::support::{Told, on_server, open_engine, verdict};

/// What happens to the COMMIT of this number; nothing to the others.
fn at_commit(wanted: usize, deed: Deed) -> impl Fn(usize, Option<&str>) -> Deed + Send + Sync {
    let commits = AtomicUsize::new(0);
    move |_, text| {
        let is_commit = text == Some("COMMIT");
        if is_commit && commits.fetch_add(1, Ordering::SeqCst) == wanted {
            deed
        } else {
            Deed::Pass
        }
    }
}

async fn one_merchant_through(deed: Deed) -> Behind {
    let behind = Behind::start(1, at_commit(0, deed)).await;
    verdict(behind.store.run(create_merchant(50)).await).expect("it is settled and answered");
    behind
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_has_happened_once() {
    let behind = one_merchant_through(Deed::CutAfter).await;
    assert_eq!(behind.place.number("SELECT count(*) FROM merchants WHERE id = 50"), 1);
    assert_eq!(behind.place.number("SELECT count(*) FROM batches WHERE seen = 1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_arrived_is_made_once() {
    let behind = one_merchant_through(Deed::CutBefore).await;
    assert_eq!(behind.place.number("SELECT count(*) FROM merchants WHERE id = 50"), 1);
    assert_eq!(behind.place.number("SELECT count(*) FROM batches WHERE seen > 0"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_with_a_warning_is_asked_about_before_anybody_is_told() {
    let behind = one_merchant_through(Deed::Warn).await;
    assert_eq!(behind.place.number("SELECT count(*) FROM batches WHERE seen = 1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_which_the_server_died_is_asked_about() {
    let behind = one_merchant_through(Deed::Panic("58030")).await;
    assert_eq!(behind.place.number("SELECT count(*) FROM merchants WHERE id = 50"), 1);
    assert_eq!(behind.place.number("SELECT count(*) FROM batches WHERE seen = 1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_the_server_says_may_have_gone_through_is_asked_about() {
    let behind = one_merchant_through(Deed::Panic("40003")).await;
    assert_eq!(behind.place.number("SELECT count(*) FROM batches WHERE seen = 1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_to_say_is_no_answer() {
    let cut = AtomicUsize::new(0);
    let behind = Behind::start(1, move |_, text| {
        let is_commit = text == Some("COMMIT");
        // The first commit is cut off; then the first statement that asks about it is refused.
        match (is_commit, text, cut.load(Ordering::SeqCst)) {
            (true, _, 0) => {
                cut.store(1, Ordering::SeqCst);
                Deed::CutAfter
            }
            (false, None, 1) => {
                cut.store(2, Ordering::SeqCst);
                Deed::Fail("42501")
            }
            _ => Deed::Pass,
        }
    })
    .await;
    verdict(behind.store.run(create_merchant(50)).await).expect("it is settled and answered");
    assert_eq!(behind.place.number("SELECT count(*) FROM merchants WHERE id = 50"), 1);
    assert_eq!(behind.place.number("SELECT count(*) FROM batches WHERE seen = 1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_does_not_stand_before_the_others() {
    let place = on_server(Profile::Plain, 1);
    // It takes connections, as the kernel of a frozen process does, and says nothing.
    let frozen = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let frozen = frozen.local_addr().expect("it is bound");
    let url = place.url().replacen("@127.0.0.1:", &format!("@{frozen},127.0.0.1:"), 1);
    let options =
        PostgresOptions { url, tls_ca_file: None, is_pooled: false, is_citus: false, lanes: 1 };
    let opening = || open_engine(Engine::Postgres(options), &Told::default());
    let store = tokio::task::spawn_blocking(opening).await.expect("no panic");
    verdict(store.run(create_merchant(50)).await).expect("the other server answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_the_server_refused_is_made_again() {
    let behind = one_merchant_through(Deed::Fail("40001")).await;
    assert_eq!(behind.place.number("SELECT count(*) FROM merchants WHERE id = 50"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_after_a_settled_commit_sees_what_it_made() {
    let behind = one_merchant_through(Deed::CutAfter).await;
    let CreateMerchant { id, name, image_url } = create_merchant(50);
    let again = behind.store.run(CreateMerchant { id, name, image_url }).await;
    assert!(verdict(again).is_err(), "its number is taken");
}

/// Chance without an rng: the number of a unit, stirred.
fn stirred(number: usize, seed: usize) -> usize {
    let mixed = number.wrapping_add(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) % 100
}

/// Payments made while the server and the line misbehave: whatever was answered is there, once.
async fn payments_through_trouble(seed: usize) {
    let begins = Arc::new(AtomicBool::new(false));
    let has_begun = begins.clone();
    let behind = Behind::start(3, move |number, text| {
        // The greeting of a connection asks a few things that are not of a transaction.
        let is_work = text.is_none_or(|text| text == "COMMIT");
        match stirred(number, seed) {
            _ if !is_work || !has_begun.load(Ordering::SeqCst) => Deed::Pass,
            0..3 => Deed::Fail("40001"),
            3..5 => Deed::Fail("40P01"),
            5 => Deed::CutAfter,
            6 => Deed::CutBefore,
            _ => Deed::Pass,
        }
    })
    .await;
    begins.store(true, Ordering::SeqCst);
    let store = Arc::new(behind.store.clone());
    let mut callers = JoinSet::new();
    for _ in 0..16 {
        let store = store.clone();
        callers.spawn(async move {
            let mut made = vec![];
            for _ in 0..10 {
                // "Nothing happened" is an answer too, and then it has to be true.
                if let Ok(created) = store.run(create([2])).await {
                    made.push(created.created.payment_id);
                }
            }
            made
        });
    }
    let made: Vec<_> = callers.join_all().await.into_iter().flatten().collect();
    assert!(made.len() > 80, "only {} of 160 went through", made.len());
    let made_count = i64::try_from(made.len()).expect("few");
    assert_eq!(behind.place.count("payments"), made_count);
    for id in made {
        let found = behind.place.store.read(move |reader| reader.payment_by_link(&id)).await;
        assert!(found.expect("it reads").is_some());
    }
    assert_eq!(behind.told.fatal(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_through_conflicts_and_cut_lines_is_there_once() {
    for seed in [1, 2, 3] {
        payments_through_trouble(seed).await;
    }
}
