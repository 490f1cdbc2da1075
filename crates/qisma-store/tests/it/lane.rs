//! The lane: queue, batches, neighbours, closing.

use qisma_domain::changes::Changes;
use qisma_domain::decide::cancel_payment::CancelPayment;
use qisma_domain::merchant::{Merchant, MerchantStatus};
use qisma_domain::payment::Canceler;
use qisma_store::{QUEUE_MAX, RunError};

use crate::commands::{
    Does, Nameless, create, create_merchant, does, gate, merchant, nothing, set_status,
};
use crate::support::{NOW, embedded, place, queued, verdict};

/// What no database takes: a merchant's second version, where there is no first.
fn impossible() -> Does {
    does(|_| {
        let mut changes = Changes::none();
        changes.merchants.push(Merchant {
            id: merchant(99),
            name: "Nobody".into(),
            image_url: None,
            status: MerchantStatus::Active,
            fee_plan: None,
            created_at: NOW,
            version: 2,
        });
        changes
    })
}

#[tokio::test]
async fn an_answer_comes_after_the_commit() {
    let place = embedded();
    place.people(2).await;
    let other = place.connection();
    for _ in 0..50 {
        let id = place.payment().await;
        let sql = "SELECT count(*) FROM payments WHERE id = ?1";
        let found: i64 = other.query_row(sql, [id.as_bytes()], |row| row.get(0)).unwrap();
        assert_eq!(found, 1);
    }
}

#[tokio::test]
async fn the_world_is_told_of_what_is_to_be_delivered_and_of_nothing_else() {
    let place = place();
    place.people(2).await;
    let payment = place.payment().await;
    place.must(nothing()).await;
    assert!(verdict(place.store.run(create_merchant(1)).await).is_err());
    assert_eq!(place.told.deliveries(), 0);
    place.must(CancelPayment { payment, by: Canceler::Payer, unpaid_attempt: None }).await;
    assert_eq!(place.told.deliveries(), 1);
}

#[tokio::test]
async fn a_later_command_of_a_batch_sees_what_an_earlier_one_did() {
    let place = place();
    let (command, hold) = gate();
    let first = queued(place.store.run(command)).await;
    hold.wait();
    let created = queued(place.store.run(create_merchant(1))).await;
    let again = queued(place.store.run(create_merchant(1))).await;
    let active = queued(place.store.run(set_status(1, MerchantStatus::Active))).await;
    hold.release();
    first.await.unwrap();
    assert!(created.await.is_ok());
    assert!(verdict(again.await).is_err());
    assert_eq!(active.await.unwrap().version, 2);
    // One for the gate, one for the three, and the migration asks the clock too.
    assert_eq!(place.told.batches(), 3);
}

#[tokio::test]
async fn a_refusal_a_panic_and_a_bug_do_not_hurt_their_neighbours() {
    let place = place();
    let (command, hold) = gate();
    let first = queued(place.store.run(command)).await;
    hold.wait();
    let one = queued(place.store.run(create_merchant(1))).await;
    let refused = queued(place.store.run(create_merchant(1))).await;
    let panicked = queued(place.store.run(does(|_| panic!("a planted bug")))).await;
    let nameless = queued(place.store.run(Nameless)).await;
    let culprit = queued(place.store.run(impossible())).await;
    let two = queued(place.store.run(create_merchant(2))).await;
    hold.release();
    first.await.unwrap();
    assert!(one.await.is_ok());
    assert!(matches!(refused.await, Err(RunError::Refused(_))));
    assert!(matches!(panicked.await, Err(RunError::Internal)));
    assert!(matches!(nameless.await, Err(RunError::Internal)));
    // A server cannot tell a row that nobody will ever have from one that another node has just changed,
    // so there the culprit is told, after some rounds, that nothing happened.
    let culprit = culprit.await;
    assert!(matches!(culprit, Err(RunError::Internal | RunError::Unavailable)), "{culprit:?}");
    assert!(two.await.is_ok());
    assert_eq!(place.count("merchants"), 2);
    assert_eq!(place.told.fatal(), Vec::<String>::new());
}

#[tokio::test]
async fn a_full_queue_answers_at_once_and_keeps_a_quarter_for_workers() {
    let place = place();
    let (command, hold) = gate();
    let first = queued(place.store.run(command)).await;
    hold.wait();
    let mut waiting = vec![];
    for _ in 0..QUEUE_MAX / 4 * 3 {
        waiting.push(queued(place.store.run(nothing())).await);
    }
    assert!(matches!(place.store.run(nothing()).await, Err(RunError::Overloaded)));
    let mut reserved = vec![];
    for _ in 0..QUEUE_MAX / 4 {
        reserved.push(queued(place.store.run_reserved(nothing())).await);
    }
    assert!(matches!(place.store.run_reserved(nothing()).await, Err(RunError::Overloaded)));
    assert_eq!(place.store.queue_depth(), QUEUE_MAX);
    hold.release();
    first.await.unwrap();
    for command in waiting {
        command.await.unwrap();
    }
    for command in reserved {
        command.await.unwrap();
    }
    assert_eq!(place.store.queue_depth(), 0);
}

#[tokio::test]
async fn a_command_that_is_no_longer_waited_for_is_done_all_the_same() {
    let place = place();
    drop(queued(place.store.run(create_merchant(1))).await);
    assert!(verdict(place.store.run(create_merchant(1)).await).is_err());
}

#[tokio::test]
async fn closing_finishes_what_waits_and_refuses_what_comes_later() {
    let place = place();
    let (command, hold) = gate();
    let first = queued(place.store.run(command)).await;
    hold.wait();
    let waiting = queued(place.store.run(create_merchant(1))).await;
    let store = place.store.clone();
    let closing = std::thread::spawn(move || store.close());
    hold.release();
    closing.join().unwrap();
    first.await.unwrap();
    assert!(waiting.await.is_ok());
    assert!(matches!(place.store.run(nothing()).await, Err(RunError::Unavailable)));
    place.store.close();
}

#[tokio::test]
async fn a_batch_that_writes_too_many_rows_is_cut() {
    let place = place();
    place.people(51).await;
    let before = place.told.batches();
    let (command, hold) = gate();
    let first = queued(place.store.run(command)).await;
    hold.wait();
    let mut waiting = vec![];
    for _ in 0..400 {
        waiting.push(queued(place.store.run(create(2..=51))).await);
    }
    hold.release();
    first.await.unwrap();
    for command in waiting {
        assert!(command.await.is_ok());
    }
    // 52 rows a payment, 8,192 rows a batch; and the gate's own.
    assert_eq!(place.told.batches() - before, 4);
    assert_eq!(place.count("payments"), 400);
}
