//! The schema and the statements stay inside what PostgreSQL and its distributed relatives
//! share (ADR 0015).

use qisma_store::carry::statements_on_server;
use qisma_store::postgres::{sets, statements};
use throwaway_postgres::Profile;

use crate::support::on_server;

/// Small tables that every node of a distributed engine would hold a copy of.
const REFERENCE: [&str; 10] = [
    "merchants",
    "apps",
    "key_pairs",
    "terminals",
    "master_key",
    "schema_version",
    "migration_lease",
    "nodes",
    "moves",
    "move_steps",
];

/// Reads that name no shard: lists of an operator or a worker. Each costs as much as there are
/// shards, so none of them is on the road of a payment.
const SCATTER: [&str; 13] = [
    "HISTORY_SEEN_BACK_TO",
    "HISTORY_SEEN_ON_TO",
    "LIST_HISTORY_AFTER",
    "LIST_HISTORY_BEFORE",
    "LIST_LEASES",
    "LIST_OPERATIONS",
    "LIST_PAYMENTS",
    "LIST_REFUNDS",
    "LIST_PAYMENTS_OF_MERCHANT",
    "LIST_POS_OF_TRACKING_ID",
    "LIST_ATTEMPTS_UNRESOLVED",
    "LIST_DELIVERIES",
    "PRUNE_BATCHES",
];

const FORBIDDEN: [&str; 12] = [
    "FOR UPDATE",
    "FOR SHARE",
    "SAVEPOINT",
    "ADVISORY",
    "NOTIFY",
    "LISTEN ",
    "LOCK TABLE",
    "NOW()",
    "RANDOM()",
    "SELECT *",
    "NEXTVAL",
    "TEMP ",
];

fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    statements::ALL.iter().chain(sets::ALL)
}

fn is_of_reference(sql: &str) -> bool {
    REFERENCE.iter().any(|table| {
        [format!(" {table}\n"), format!(" {table} ")].iter().any(|name| sql.contains(name))
    })
}

#[test]
fn every_statement_names_its_shard_or_is_listed_as_scattered() {
    for (name, sql) in all() {
        let is_listed = SCATTER.contains(name);
        let names_shard = if sql.starts_with("INSERT") {
            sql.contains("(vshard")
        } else {
            sql.contains("vshard = ")
        };
        let is_scattered = !names_shard && !is_of_reference(sql);
        assert!(is_listed || !is_scattered, "{name} names no shard");
    }
}

#[test]
fn no_statement_uses_what_some_engine_lacks() {
    let moving = statements_on_server();
    let moving = moving.iter().map(|(name, sql)| (name.as_str(), sql.as_str()));
    for (name, sql) in all().map(|(name, sql)| (*name, *sql)).chain(moving) {
        let upper = sql.to_uppercase();
        for word in FORBIDDEN {
            assert!(!upper.contains(word), "{name} uses {word}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_fits_the_schema_of_the_server() {
    let place = on_server(Profile::Plain, 1);
    let (client, connection) =
        tokio_postgres::connect(place.url(), tokio_postgres::NoTls).await.expect("it is there");
    tokio::spawn(connection);
    let moving = statements_on_server();
    let moving = moving.iter().map(|(name, sql)| (name.as_str(), sql.as_str()));
    for (name, sql) in all().map(|(name, sql)| (*name, *sql)).chain(moving) {
        let prepared = client.prepare(sql).await;
        assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_of_a_big_table_begins_with_the_shard() {
    let place = on_server(Profile::Plain, 1);
    let keys = place.ask(
        "SELECT c.relname, i.relname, a.attname FROM pg_index x
         JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
         WHERE n.nspname = 'public' AND x.indisunique",
    );
    assert!(keys.len() > 15, "{keys:?}");
    for key in keys.iter().filter(|key| !REFERENCE.contains(&key[0].as_str())) {
        assert_eq!(key[2], "vshard", "the key {} of {}", key[1], key[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_foreign_key_stays_in_its_shard_or_leads_to_a_small_table() {
    let place = on_server(Profile::Plain, 1);
    let keys = place.ask(
        "SELECT c.conname, r.relname, a.attname, b.attname FROM pg_constraint c
         JOIN pg_class r ON r.oid = c.confrelid
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
         JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
         WHERE c.contype = 'f'",
    );
    assert!(keys.len() > 5, "{keys:?}");
    for key in keys.iter().filter(|key| !REFERENCE.contains(&key[1].as_str())) {
        assert_eq!((key[2].as_str(), key[3].as_str()), ("vshard", "vshard"), "{}", key[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_has_nothing_that_some_engine_lacks() {
    let place = on_server(Profile::Plain, 1);
    let found = place.ask(
        "SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
         UNION ALL SELECT 'rule ' || rulename FROM pg_rules WHERE schemaname = 'public'
         UNION ALL SELECT 'relation ' || c.relname FROM pg_class c
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND (c.relkind NOT IN ('r', 'i') OR c.relpersistence <> 'p')
         UNION ALL SELECT 'type ' || t.typname FROM pg_type t
             JOIN pg_namespace n ON n.oid = t.typnamespace
             WHERE n.nspname = 'public' AND t.typtype NOT IN ('c', 'b')
         UNION ALL SELECT 'function ' || p.proname FROM pg_proc p
             JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'
         UNION ALL SELECT 'constraint ' || conname FROM pg_constraint
             WHERE contype = 'x' OR condeferrable
         UNION ALL SELECT 'column ' || attname FROM pg_attribute a
             JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND (attgenerated <> '' OR attidentity <> '')",
    );
    assert_eq!(found, Vec::<Vec<String>>::new());
}
