//! Two gateways that fold the same lines: each is added once, and what the former owner of a shard still
//! marks is fenced off.

use qisma_domain::account::{Account, AccountKind, Acquirer};
use qisma_domain::decide::fold_lines::{FoldLines, ForgetUnfolded};
use qisma_domain::decide::record_outcome::RecordOutcome;
use qisma_domain::decide::start_card::StartCard;
use qisma_domain::ids::Mode;
use qisma_domain::money::Currency;
use qisma_store::{Fold, RunError, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use throwaway_postgres::Profile;
use tokio::task::JoinSet;

use qisma_domain::time::Timestamp;

use crate::batches::approval;
use crate::commands::merchant;
use crate::fold::{add, fold_all, forget, waiting};
use crate::support::{NOW, Place, Told, on_server};

/// Captures that wait for their fold: 100 each for merchant 2, 9,900 for merchant 1.
async fn captured(place: &Place, store: &Store, count: usize) {
    place.people(2).await;
    for _ in 0..count {
        let payment = place.payment().await;
        place.must(StartCard { payment, acquirer: Acquirer::Sandbox }).await;
        let report = approval(payment, 1);
        store.run(RecordOutcome { payment, attempt: 1, report }).await.expect("it is there");
    }
}

async fn pending(store: &Store, number: i64) -> i64 {
    let account =
        Account::merchant(merchant(number), AccountKind::Pending, Mode::Test, Currency::Tnd);
    let read = store.read(move |reader| reader.balance(&account));
    read.await.expect("it reads").posted_millimes
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_two_gateways_fold_at_once_are_added_once() {
    let place = on_server(Profile::Plain, 1);
    let later = |seed| Told { fold: Fold::Deferred, seed, ..Told::default() };
    let gateways = [place.another(&later(1_000), 2), place.another(&later(2_000), 2)];
    captured(&place, &gateways[0], 20).await;
    let lines = waiting(&gateways[0]).await;
    assert_eq!(lines.len(), 60);
    let mut racing = JoinSet::new();
    // Each line for itself, from both sides, in opposite orders.
    for (gateway, lines) in [
        (gateways[0].clone(), lines.clone()),
        (gateways[1].clone(), lines.iter().rev().copied().collect()),
    ] {
        for line in lines {
            let gateway = gateway.clone();
            racing.spawn(async move { gateway.run(FoldLines { lines: vec![line] }).await });
        }
    }
    for folded in racing.join_all().await {
        assert_eq!(folded.expect("it is never refused").done.len(), 1);
    }
    fold_all(&gateways[1]).await;
    assert_eq!((pending(&place.store, 1).await, pending(&place.store, 2).await), (198_000, 2_000));
    assert_eq!((place.count("account_lines"), place.count("unfolded_lines")), (60, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_lost_its_shards_adds_nothing_twice_and_marks_nothing() {
    let place = on_server(Profile::Plain, 1);
    let now = Arc::new(AtomicI64::new(NOW.micros()));
    let clock = now.clone();
    let reader: crate::support::Now =
        Arc::new(move || Timestamp::from_micros(clock.load(Ordering::SeqCst)));
    let (one, other) = (place.gateway(reader.clone()), place.gateway(reader));
    let later = place.another(&Told { fold: Fold::Deferred, seed: 3_000, ..Told::default() }, 1);
    captured(&place, &later, 1).await;
    one.keep_leases().await;
    let lines = waiting(&one).await;
    let shard = lines[0].key.entry.shard();
    let fence = one.owned_shards().fence(shard).expect("it has them all");
    add(&one, &lines).await;
    now.fetch_add(15_000_000, Ordering::SeqCst);
    other.keep_leases().await;
    let keys: Vec<_> = lines.iter().map(|line| line.key).collect();
    let late = one.run_fenced(ForgetUnfolded { lines: keys.clone() }, &fence).await;
    assert!(matches!(late, Err(RunError::Superseded)), "{late:?}");
    assert_eq!(place.count("unfolded_lines"), 3);
    let done = add(&other, &waiting(&other).await).await;
    add(&one, &lines).await;
    forget(&other, done).await;
    assert_eq!((pending(&other, 1).await, pending(&other, 2).await), (9_900, 100));
}
