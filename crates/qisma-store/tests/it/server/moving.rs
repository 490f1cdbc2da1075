//! A move from the embedded engine: every table and column, from wherever it was cut off, and nothing
//! different passes for the same.

use qisma_store::audit::Audit;
use qisma_store::carry::{
    CarryError, CarryReport, NOT_CARRIED, Progress, TABLES, carry, is_unfinished,
};
use qisma_store::{Engine, OpenError, PostgresOptions};
use std::collections::BTreeSet;
use throwaway_postgres::Profile;

use crate::support::{NOW, Place, embedded, on_server};

fn options(place: &Place) -> PostgresOptions {
    let url = place.url().to_owned();
    PostgresOptions { url, tls_ca_file: None, is_pooled: false, is_citus: false, lanes: 1 }
}

/// Moves on a thread that may wait for a server; a panic of `tell` cuts the move off there.
fn moved(
    from: &Place,
    to: &Place,
    mut tell: impl FnMut(Progress) + Send,
) -> std::thread::Result<Result<CarryReport, CarryError>> {
    let (path, options) = (from.path.clone(), options(to));
    std::thread::scope(|scope| {
        scope.spawn(move || carry(&path, &options, || NOW, &mut tell)).join()
    })
}

fn must_move(from: &Place, to: &Place) -> CarryReport {
    moved(from, to, |_| {}).expect("no panic").expect("it moves")
}

/// Merchants 1,000 to 5,999: two whole batches and a half.
const MERCHANTS: &str = "WITH RECURSIVE n (id) AS (SELECT 1000 UNION ALL SELECT id + 1 FROM n
        WHERE id < 5999)
    INSERT INTO merchants SELECT id, 'Souk ' || id, NULL, 'active', NULL, 0, 1 FROM n";

/// A database with a payment and what hangs on it, that nobody uses any more.
async fn source() -> Place {
    let place = embedded();
    place.people(2).await;
    place.payment().await;
    place.store.close();
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_moved_is_every_table_and_column_of_both_schemas() {
    let (file, server) = (embedded(), on_server(Profile::Plain, 1));
    let listed: BTreeSet<String> = TABLES
        .iter()
        .flat_map(|table| {
            table.columns.iter().map(|column| format!("{}.{}", table.name, column.name))
        })
        .collect();
    let carried =
        |name: &str| !NOT_CARRIED.iter().any(|left| name.starts_with(&format!("{left}.")));
    let connection = file.connection();
    let sql = "SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_info(t.name) c
        WHERE t.type = 'table'";
    let mut found = connection.prepare(sql).expect("it is SQL");
    let found = found.query_map([], |row| row.get::<_, String>(0)).expect("it reads");
    let found: BTreeSet<String> = found.map(|name| name.expect("it reads")).collect();
    let found: BTreeSet<String> = found.into_iter().filter(|name| carried(name)).collect();
    assert_eq!(found, listed);
    let filled = TABLES.iter().flat_map(|table| {
        table.filled.iter().map(|(column, _)| format!("{}.{column}", table.name))
    });
    let listed: BTreeSet<String> = listed.iter().cloned().chain(filled).collect();
    let found = server.ask(
        "SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public'",
    );
    let found: BTreeSet<String> = found.into_iter().map(|row| row[0].clone()).collect();
    let found: BTreeSet<String> = found.into_iter().filter(|name| carried(name)).collect();
    assert_eq!(found, listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_listed_as_a_key_is_the_key() {
    let file = embedded();
    for table in TABLES {
        let sql = format!(
            "SELECT name FROM pragma_table_info('{}') WHERE pk > 0 ORDER BY pk",
            table.name
        );
        let connection = file.connection();
        let mut key = connection.prepare(&sql).expect("it is SQL");
        let key = key.query_map([], |row| row.get::<_, String>(0)).expect("it reads");
        let key: Vec<String> = key.map(|name| name.expect("it reads")).collect();
        let listed: Vec<&str> =
            table.columns.iter().take(table.key_columns).map(|column| column.name).collect();
        assert_eq!(key, listed, "{}", table.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_cut_off_goes_on_in_the_middle_of_a_table() {
    let (from, to) = (source().await, on_server(Profile::Plain, 1));
    from.execute(MERCHANTS);
    let cut = moved(&from, &to, |step| {
        assert!(step.table != "merchants" || to.count("merchants") < 2_000, "cut off on purpose");
    });
    assert!(cut.is_err(), "it was to be cut off");
    assert_eq!(to.count("merchants"), 2_000);
    let engine = Engine::Postgres(options(&to));
    let unfinished = || tokio::task::block_in_place(|| is_unfinished(&engine).expect("it answers"));
    assert!(unfinished());
    let report = must_move(&from, &to);
    assert!(report.resumed && report.ok, "{report:?}");
    let rows: i64 = report.tables.iter().map(|table| table.rows).sum();
    assert_eq!(report.rows_copied, rows - 2_000);
    assert!(!unfinished());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_text_are_in_one_order_whatever_the_order_of_the_server() {
    let (from, server) = (embedded(), on_server(Profile::Plain, 1));
    from.store.close();
    let own = server.url().rsplit('/').next().expect("it names a database").to_owned();
    let name = format!("{own}_in_french");
    server.ask(&format!(
        "CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu \
         ICU_LOCALE 'fr'"
    ));
    let mut options = options(&server);
    options.url = options.url.replace(&own, &name);
    from.execute(
        "INSERT INTO phone_windows (vshard, mode, phone, codes, version)
         VALUES (1, 'a', '-', '', 1), (1, 'B', 'é', '', 1), (1, 'b', 'Z', '', 1), (1, 'A', '_', '', 1)",
    );
    let path = from.path.clone();
    let carried = std::thread::scope(|scope| {
        scope.spawn(|| carry(&path, &options, || NOW, &mut |_| {})).join()
    });
    server.ask(&format!("DROP DATABASE \"{name}\" WITH (FORCE)"));
    assert!(carried.expect("no panic").expect("it moves").ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_which_a_gateway_runs_is_not_moved_into() {
    let (from, to) = (source().await, on_server(Profile::Plain, 1));
    to.store.keep_leases().await;
    let refused = moved(&from, &to, |_| {}).expect("no panic");
    assert!(matches!(refused, Err(CarryError::InUse(_))), "{refused:?}");
    assert_eq!((to.count("moves"), to.count("payments")), (0, 0));
    to.store.close();
    assert!(must_move(&from, &to).ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_of_the_books_are_not_verified() {
    let (from, to) = (source().await, on_server(Profile::Plain, 1));
    let cut = moved(&from, &to, |step| assert_ne!(step.table, "payments", "cut off on purpose"));
    assert!(cut.is_err(), "it was to be cut off");
    let engine = Engine::Postgres(options(&to));
    let opened = tokio::task::block_in_place(|| Audit::open(&engine).map(drop));
    assert!(matches!(opened, Err(OpenError::MoveUnfinished(_))), "{opened:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_used_after_its_move_does_not_endanger_what_was_moved() {
    let (from, to) = (source().await, on_server(Profile::Plain, 1));
    assert!(must_move(&from, &to).ok);
    from.another(&from.told, 1).close();
    let refused = moved(&from, &to, |_| {}).expect("no panic").expect_err("they differ");
    assert!(matches!(refused, CarryError::GoneApart { .. }), "{refused:?}");
    assert!(!refused.to_string().contains("drop"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_row_and_a_changed_balance_are_found() {
    let (from, to) = (source().await, on_server(Profile::Plain, 1));
    from.execute(
        "INSERT INTO accounts VALUES (7, x'00000000000000000000000000000007', 'merchant:1',
            'available', 'test', 'TND', 500, 20)",
    );
    assert!(must_move(&from, &to).ok);
    to.execute("UPDATE payments SET success_link = 'https://elsewhere.example'");
    to.execute("UPDATE accounts SET posted_millimes = 501");
    let report = must_move(&from, &to);
    assert_eq!(report.differing_tables(), ["payments", "accounts"]);
    assert!(!report.ok);
    assert_eq!((report.rows_copied, report.accounts_differing), (0, 1));
    let account = &report.differing_accounts[0];
    let posted = (account.posted_millimes, account.target_posted_millimes);
    assert_eq!((account.owner.as_str(), posted), ("merchant:1", (Some(500), Some(501))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_used_since_is_not_moved_on() {
    let (from, to) = (source().await, on_server(Profile::Plain, 1));
    let cut = moved(&from, &to, |step| assert_ne!(step.table, "payments", "cut off on purpose"));
    assert!(cut.is_err(), "it was to be cut off");
    from.another(&from.told, 1).close();
    let refused = moved(&from, &to, |_| {}).expect("no panic");
    assert!(matches!(refused, Err(CarryError::SourceChanged { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_source_is_not_mixed_in() {
    let (one, other, to) = (source().await, source().await, on_server(Profile::Plain, 1));
    other.execute("INSERT INTO master_key (id, key_id) VALUES (1, 'another')");
    assert!(must_move(&one, &to).ok);
    let refused = moved(&other, &to, |_| {}).expect("no panic");
    assert!(matches!(refused, Err(CarryError::OtherSource { .. })), "{refused:?}");
}
