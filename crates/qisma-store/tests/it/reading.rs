//! Reads: they change nothing, wait their turn, and see one moment.

use qisma_domain::decide::prune_keys::PruneKeys;
use qisma_store::sqlite::open_reader;
use qisma_store::{ReadError, Shards};
use std::sync::mpsc;

use crate::commands::{create_merchant, keyed, merchant, scope};
use crate::support::{NOW, embedded, place, queued};

#[tokio::test]
async fn a_reading_connection_cannot_write() {
    let place = embedded();
    let reader = open_reader(&place.path).unwrap();
    for sql in ["DELETE FROM merchants", "PRAGMA user_version = 7", "CREATE TABLE t (a)"] {
        assert!(reader.execute_batch(sql).is_err(), "{sql}");
    }
}

#[tokio::test]
async fn all_statements_of_a_read_see_one_moment() {
    let place = place();
    let (go, is_go) = mpsc::channel::<()>();
    let (there, is_there) = mpsc::channel();
    let reading = queued(place.store.read(move |reader| {
        let before = reader.merchant(merchant(1))?;
        there.send(()).map_err(|_| ReadError::Closed)?;
        is_go.recv().map_err(|_| ReadError::Closed)?;
        Ok((before, reader.merchant(merchant(1))?))
    }))
    .await;
    is_there.recv().unwrap();
    place.must(create_merchant(1)).await;
    go.send(()).unwrap();
    assert_eq!(reading.await.unwrap(), (None, None));
}

#[tokio::test]
async fn a_read_that_panics_gives_its_connection_back() {
    let place = place();
    for _ in 0..5 {
        let planted = place.store.read::<()>(|_| panic!("a planted bug")).await;
        assert!(planted.is_err());
    }
    assert!(place.store.read(|reader| reader.merchant(merchant(1))).await.is_ok());
}

#[tokio::test]
async fn a_read_that_is_called_off_lets_nobody_in_before_it_is_done() {
    let place = place();
    let mut holds = vec![];
    for _ in 0..2 {
        let (go, is_go) = mpsc::channel::<()>();
        let (there, is_there) = mpsc::channel();
        let reading = queued(place.store.read(move |_| {
            there.send(()).map_err(|_| ReadError::Closed)?;
            let _ = is_go.recv();
            Ok(())
        }))
        .await;
        is_there.recv().unwrap();
        drop(reading);
        holds.push(go);
    }
    let waiting = queued(place.store.read(|reader| reader.merchant(merchant(1)))).await;
    // Were it let in, it would have found no connection by the time that these are done.
    for _ in 0..20 {
        tokio::task::spawn_blocking(|| ()).await.unwrap();
    }
    drop(holds);
    assert_eq!(waiting.await.unwrap(), None);
}

#[tokio::test]
async fn keys_to_forget_are_listed_oldest_first_and_then_gone() {
    let place = place();
    place.people(2).await;
    place.must(keyed("a", 1)).await;
    let list = |before| {
        place
            .store
            .read(move |reader| reader.idempotency_keys_to_prune(&Shards::all(), before, 500))
    };
    assert_eq!(list(NOW).await.unwrap(), vec![]);
    assert_eq!(list(NOW.plus_secs(1)).await.unwrap(), vec![scope("a")]);
    // The lane's own clock says that its time is not over.
    assert_eq!(place.must(PruneKeys { scopes: vec![scope("a")] }).await, 0);
    let old = "UPDATE idempotency_keys SET created_us = -5000000000000";
    place.execute(old);
    assert_eq!(place.must(PruneKeys { scopes: vec![scope("a")] }).await, 1);
    assert_eq!(place.count("idempotency_keys"), 0);
}
