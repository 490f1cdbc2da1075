//! Opening: the schema, the pragmas, and what is refused.

use qisma_domain::merchant::MerchantStatus;
use qisma_store::sqlite::ALL_STATEMENTS;
use qisma_store::{Engine, OpenError, Store, StoreOptions, migrate};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;

use crate::commands::set_status;
use crate::support::{NOW, dump_file, embedded, open};

fn try_open(path: &Path) -> Result<Store, OpenError> {
    Store::open(StoreOptions {
        engine: Engine::Sqlite(path.to_owned()),
        read_connections_max: 1,
        leases: qisma_store::LeaseOptions::default(),
        fold: qisma_store::Fold::Inline,
        calendar: Arc::default(),
        now: Arc::new(|| NOW),
        rng: Box::new(|| Box::new(StdRng::seed_from_u64(1))),
        on_fatal: Arc::new(|_| {}),
        on_delivery: Arc::new(|| {}),
    })
}

#[tokio::test]
async fn every_statement_fits_the_schema() {
    let place = embedded();
    let connection = place.connection();
    for (name, sql) in ALL_STATEMENTS {
        let prepared = connection.prepare(sql);
        assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
    }
}

#[tokio::test]
async fn a_store_opened_again_holds_what_it_held() {
    let place = embedded();
    place.people(2).await;
    let id = place.payment().await;
    place.store.close();
    let before = dump_file(&place.path);
    let again = open(&place.path, &place.told);
    let found = again.read(move |reader| reader.payment_by_link(&id)).await.unwrap();
    assert_eq!(found.unwrap().payment.id, id);
    // All but the epoch, which each opening raises.
    let without_epoch = |text: &str| text.replace("Integer(2)]", "Integer(1)]");
    assert_eq!(without_epoch(&dump_file(&place.path)), without_epoch(&before));
    assert!(again.run(set_status(2, MerchantStatus::Suspended)).await.is_ok());
}

#[test]
fn migrating_twice_does_nothing_the_second_time() {
    let mut connection = Connection::open_in_memory().unwrap();
    let first = migrate(&mut connection, NOW).unwrap();
    let second = migrate(&mut connection, NOW).unwrap();
    assert!(!first.applied.is_empty());
    assert_eq!((second.version, second.applied), (first.version, vec![]));
}

#[tokio::test]
async fn a_schema_from_the_future_is_refused() {
    let place = embedded();
    place.store.close();
    let sql = "INSERT INTO schema_version (version, name, sha256, applied_us)
        VALUES (9999, 'later', '', 0)";
    place.connection().execute(sql, []).unwrap();
    let refused = try_open(&place.path).err();
    assert!(matches!(refused, Some(OpenError::SchemaNewer { found: 9_999, .. })));
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_ran_is_refused() {
    let place = embedded();
    place.store.close();
    place.connection().execute("UPDATE schema_version SET sha256 = 'x'", []).unwrap();
    let refused = try_open(&place.path).err();
    assert!(matches!(refused, Some(OpenError::MigrationChanged(1))));
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.txt");
    let text = "not a database, and longer than the header of one. ".repeat(9);
    std::fs::write(&path, &text).unwrap();
    assert!(matches!(try_open(&path).err(), Some(OpenError::Database { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn the_file_is_in_wal_mode() {
    let place = embedded();
    let mode: String =
        place.connection().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}
