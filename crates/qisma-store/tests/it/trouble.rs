//! A disk that is full, a database that is held, a row that is broken, a process that took over.

use qisma_domain::account::{Account, AccountKind};
use qisma_domain::changes::Changes;
use qisma_domain::decide::cancel_payment::CancelPayment;
use qisma_domain::ids::{EntryId, Mode, PaymentId, Shard};
use qisma_domain::journal::{EntryKind, FoldAt, JournalEntry, Posting, Postings};
use qisma_domain::money::Currency;
use qisma_domain::payment::Canceler;
use qisma_store::{Fence, RunError};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::commands::{create_merchant, does, gate, merchant, nothing};
use crate::support::{NOW, Place, Told, embedded, lane, open, queued};

fn cancel(payment: PaymentId) -> CancelPayment {
    CancelPayment { payment, by: Canceler::Payer, unpaid_attempt: None }
}

#[tokio::test]
async fn a_full_disk_is_said_and_the_lane_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qisma.db");
    let told = Told::default();
    let lane = lane(&path, &told, |writer| writer.limit_pages(80).unwrap());
    let mut kept = 0;
    let full = loop {
        let mut command = create_merchant(kept);
        command.name = "n".repeat(120);
        match lane.run(command, false, Fence::none()).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, RunError::StorageFull), "{full:?}");
    assert_eq!(told.fatal(), Vec::<String>::new());
    assert!(lane.run(nothing(), false, Fence::none()).await.is_ok());
    lane.close();
    let again = open(&path, &told);
    let found = again.read(move |reader| reader.merchants(-1, 100_000)).await.unwrap();
    assert_eq!(i64::try_from(found.len()).unwrap(), kept);
    assert!(again.run(create_merchant(kept)).await.is_ok());
}

#[tokio::test]
async fn a_database_that_somebody_holds_is_unavailable_and_nobody_is_searched_for() {
    let place = embedded();
    let (command, hold) = gate();
    let first = queued(place.store.run(command)).await;
    hold.wait();
    let one = queued(place.store.run(create_merchant(1))).await;
    let two = queued(place.store.run(create_merchant(2))).await;
    let holder = place.connection();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    hold.release();
    first.await.unwrap();
    assert!(matches!(one.await, Err(RunError::Unavailable)));
    assert!(matches!(two.await, Err(RunError::Unavailable)));
    holder.execute_batch("ROLLBACK").unwrap();
    assert!(place.store.run(create_merchant(1)).await.is_ok());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hurts_only_who_names_it() {
    let place = embedded();
    place.people(2).await;
    let (broken, sound) = (place.payment().await, place.payment().await);
    let sql = "UPDATE payments SET status = 'no such state' WHERE id = ?1";
    place.connection().execute(sql, [broken.as_bytes()]).unwrap();
    let (command, hold) = gate();
    let first = queued(place.store.run(command)).await;
    hold.wait();
    let unreadable = queued(place.store.run(cancel(broken))).await;
    let neighbour = queued(place.store.run(cancel(sound))).await;
    hold.release();
    first.await.unwrap();
    assert!(matches!(unreadable.await, Err(RunError::Unavailable)));
    assert!(neighbour.await.is_ok());
}

#[tokio::test]
async fn a_writer_whose_database_was_taken_over_writes_nothing_more() {
    let place = embedded();
    place.must(create_merchant(1)).await;
    let other = open(&place.path, &Told::default());
    for number in 2..5 {
        let refused = place.store.run(create_merchant(number)).await;
        assert!(matches!(refused, Err(RunError::Unknown)));
    }
    assert_eq!(place.told.fatal().len(), 1);
    assert!(other.run(create_merchant(2)).await.is_ok());
    assert_eq!(place.count("merchants"), 2);
}

#[tokio::test]
async fn a_lane_that_panics_says_so_once_and_takes_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let told = Told::default();
    let path = dir.path().join("qisma.db");
    let fatal = told.fatal.clone();
    // The first to ask the clock is the migration.
    let asked = AtomicBool::new(false);
    let options = qisma_store::StoreOptions {
        engine: qisma_store::Engine::Sqlite(path),
        read_connections_max: 1,
        leases: qisma_store::LeaseOptions::default(),
        fold: qisma_store::Fold::Inline,
        calendar: std::sync::Arc::default(),
        now: std::sync::Arc::new(move || {
            if asked.swap(true, Ordering::SeqCst) { panic!("a planted bug") } else { NOW }
        }),
        rng: Box::new(|| Box::new(<rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(1))),
        on_fatal: std::sync::Arc::new(move |why| fatal.lock().unwrap().push(why)),
        on_delivery: std::sync::Arc::new(|| {}),
    };
    let store = qisma_store::Store::open(options).unwrap();
    for number in 1..4 {
        assert!(matches!(store.run(create_merchant(number)).await, Err(RunError::Unknown)));
    }
    assert_eq!(told.fatal().len(), 1);
    store.close();
}

/// An entry that moves this much from the float to a merchant.
fn move_millimes(amount_millimes: i64, kind: AccountKind) -> impl Fn() -> JournalEntry {
    move || {
        let float = Account::platform(AccountKind::WalletFloat, Mode::Test, Currency::Tnd);
        let to = Account::merchant(merchant(1), kind, Mode::Test, Currency::Tnd);
        JournalEntry {
            id: EntryId::from_bytes([7; 16]),
            kind: EntryKind::WalletFunding,
            reference: "a test".into(),
            payment: None,
            at: NOW,
            postings: Postings::balanced(vec![
                Posting { account: float, amount_millimes: -amount_millimes },
                Posting { account: to, amount_millimes },
            ]),
            fold: FoldAt::Commit,
        }
    }
}

async fn post(
    place: &Place,
    entry: impl Fn() -> JournalEntry + Send + 'static,
) -> Result<(), RunError<()>> {
    let command = does(move |rng| {
        let mut entry = entry();
        entry.id = EntryId::mint(Shard(1), NOW, rng);
        entry.reference = entry.id.to_string();
        let mut changes = Changes::none();
        changes.entries.push(entry);
        changes
    });
    place.store.run(command).await
}

#[tokio::test]
async fn the_database_refuses_to_overdraw_what_must_not_fall_below_zero() {
    let place = embedded();
    post(&place, move_millimes(5, AccountKind::Available)).await.unwrap();
    let refused = post(&place, move_millimes(-6, AccountKind::Available)).await;
    assert!(matches!(refused, Err(RunError::Internal)));
    assert_eq!(place.count("journal_entries"), 1);
    post(&place, move_millimes(-5, AccountKind::Available)).await.unwrap();
    post(&place, move_millimes(-6, AccountKind::Debt)).await.unwrap();
}

#[tokio::test]
async fn a_balance_that_does_not_fit_is_refused_and_never_wraps() {
    let place = embedded();
    post(&place, move_millimes(i64::MAX - 1, AccountKind::Available)).await.unwrap();
    let refused = post(&place, move_millimes(2, AccountKind::Available)).await;
    assert!(matches!(refused, Err(RunError::Internal)));
    assert_eq!(place.told.fatal(), Vec::<String>::new());
    let sql = "SELECT posted_millimes FROM accounts WHERE kind = 'available'";
    let held: i64 = place.connection().query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(held, i64::MAX - 1);
}
