//! Lists of payments: each look is bounded, and the looks together find everything once.

use qisma_domain::decide::create_payment::CreatePayment;
use qisma_domain::ids::{AppId, Mode, PaymentId};
use qisma_domain::time::Timestamp;
use qisma_store::{Engine, History, HistoryChannel, HistoryFound, Place as At, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

use crate::commands::{create, create_merchant, merchant, set_status};
use crate::support::{NOW, Told, open_at};
use qisma_domain::merchant::MerchantStatus;

const RARE: [u8; 16] = [3; 16];

/// Twenty payments a second apart, of which the fifth and the eighteenth are of the rare app.
async fn twenty(step_secs: i64) -> (TempDir, Store, Vec<PaymentId>) {
    let dir = tempfile::tempdir().expect("the store works");
    let clock = Arc::new(AtomicI64::new(NOW.micros()));
    let now = {
        let clock = clock.clone();
        Arc::new(move || Timestamp::from_micros(clock.load(Ordering::SeqCst)))
    };
    let store = open_at(Engine::Sqlite(dir.path().join("qisma.db")), &Told::default(), now);
    store.run(create_merchant(1)).await.expect("the store works");
    store.run(set_status(1, MerchantStatus::Active)).await.expect("the store works");
    let mut rare = vec![];
    for number in 1..=20 {
        clock.fetch_add(step_secs * 1_000_000, Ordering::SeqCst);
        let is_rare = [5, 18].contains(&number);
        let app = if is_rare { AppId::from_bytes(RARE) } else { create([]).app };
        let made = store.run(CreatePayment { app, ..create([]) }).await.expect("the store works");
        rare.extend(is_rare.then_some(made.created.payment_id));
    }
    (dir, store, rare)
}

async fn look(store: &Store, at: At) -> HistoryFound {
    let wanted = History {
        merchant: merchant(1),
        mode: Mode::Test,
        app: Some(AppId::from_bytes(RARE)),
        channel: HistoryChannel::Online,
        from: Timestamp::default(),
        to: Timestamp::MAX,
        statuses: vec![],
        at,
        count_max: 10,
        looks_max: 6,
    };
    store.read(move |reader| reader.history(&wanted)).await.expect("the store works")
}

/// Looks until the end is reached. Gives what was found, and in how many looks.
async fn all(store: &Store, from: At) -> (Vec<PaymentId>, usize) {
    let (mut found, mut looks, mut next) = (vec![], 0, Some(from));
    while let Some(at) = next {
        let page = look(store, at).await;
        found.extend(page.payments.iter().map(|found| found.payment.id));
        next = page.seen_to;
        looks += 1;
        assert!(looks <= 20, "the looks come to no end");
    }
    (found, looks)
}

#[tokio::test]
async fn a_rare_payment_is_found_in_looks_of_a_few_each() {
    let (_dir, store, rare) = twenty(1).await;
    let (found, looks) = all(&store, At::Newest).await;
    assert_eq!(found, [rare[1], rare[0]]);
    assert_eq!(looks, 3);
}

#[tokio::test]
async fn the_same_is_found_going_forward() {
    let (_dir, store, rare) = twenty(1).await;
    let begin = At::After(Timestamp::default(), PaymentId::from_bytes([0; 16]));
    assert_eq!(all(&store, begin).await, (rare, 3));
}

#[tokio::test]
async fn payments_of_one_moment_are_all_looked_at_together() {
    let (_dir, store, rare) = twenty(0).await;
    let (mut found, _) = all(&store, At::Newest).await;
    found.sort_unstable();
    let mut expected = rare;
    expected.sort_unstable();
    assert_eq!(found, expected);
}
