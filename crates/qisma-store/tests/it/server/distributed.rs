//! The profile for Citus, on a server that only takes down what it is told to distribute: which calls
//! are made, and that a batch holds one shard. What Citus itself makes of them is for the suite with
//! `TEST_CITUS_URL`.

use qisma_domain::merchant::MerchantStatus;
use qisma_store::{Engine, PostgresOptions, migrate_engine};
use throwaway_postgres::Profile;

use crate::citus::{in_schema, postgres_at};
use crate::commands::{create, create_merchant, keyed, set_status};
use crate::support::{NOW, Place, Told, on_server, open_engine, queued, verdict};

/// Refuses a table that is distributed already, as Citus does.
const STAND_IN: &str = "CREATE SCHEMA cluster;
    CREATE TABLE cluster.pg_dist_partition (logicalrelid regclass PRIMARY KEY,
        key text, beside text, partmethod text DEFAULT 'h', repmodel text DEFAULT 's');
    CREATE FUNCTION cluster.create_reference_table(name text) RETURNS void LANGUAGE sql AS
        $$ INSERT INTO cluster.pg_dist_partition VALUES (name::regclass, 'none', 'none', 'n', 't') $$;
    CREATE FUNCTION cluster.create_distributed_table(name text, key text, colocate_with text)
        RETURNS void LANGUAGE sql AS
        $$ INSERT INTO cluster.pg_dist_partition VALUES (name::regclass, key, colocate_with) $$";

fn cluster(place: &Place) -> Engine {
    place.execute(STAND_IN);
    let url = in_schema(place.url(), "cluster");
    Engine::Postgres(PostgresOptions { is_citus: true, ..postgres_at(url, 1) })
}

/// How each table lies, by its name.
fn tables(place: &Place) -> Vec<Vec<String>> {
    place.ask(
        "SELECT c.relname, coalesce(d.key, 'nowhere'), coalesce(d.beside, 'nothing'),
            EXISTS (SELECT 1 FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'vshard')::text
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN cluster.pg_dist_partition d ON d.logicalrelid = c.oid
         WHERE n.nspname = 'cluster' AND c.relkind = 'r' AND c.relname <> 'pg_dist_partition'
         ORDER BY c.relname",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_distributed_by_its_shard_or_copied_to_every_node() {
    let place = on_server(Profile::Plain, 1);
    migrate_engine(&cluster(&place), NOW).expect("an empty schema is migrated");
    let tables = tables(&place);
    assert!(tables.len() > 20, "{tables:?}");
    for table in tables {
        let [name, key, beside, has_shard] = table.as_slice() else { panic!("{table:?}") };
        let beside_wanted = if name == "wallets" { "none" } else { "wallets" };
        let wanted = if has_shard == "true" { ("vshard", beside_wanted) } else { ("none", "none") };
        assert_eq!((key.as_str(), beside.as_str()), wanted, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_was_cut_off_goes_on_where_tables_are_distributed() {
    let place = on_server(Profile::Plain, 1);
    let engine = cluster(&place);
    migrate_engine(&engine, NOW).expect("an empty schema is migrated");
    place.execute("UPDATE cluster.schema_version SET statements = 3, applied_us = NULL");
    migrate_engine(&engine, NOW).expect("what is there is left as it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_holds_one_shard() {
    let place = on_server(Profile::Plain, 1);
    let told = Told::default();
    let store = open_engine(cluster(&place), &told);
    for number in 1..=2 {
        verdict(store.run(create_merchant(number)).await).expect("a new merchant");
        let active = set_status(number, MerchantStatus::Active);
        verdict(store.run(active).await).expect("a new merchant can be active");
    }
    let mut waiting = vec![];
    for number in 0..64 {
        waiting.push(queued(store.run(create([2]))).await);
        waiting.push(queued(store.run(keyed(&format!("key-{number}"), 1))).await);
    }
    for answer in waiting {
        answer.await.expect("nothing is wrong with it");
    }
    let payments = place.ask("SELECT count(*) FROM cluster.payments");
    assert_eq!(payments, [["128"]]);
    let of_many = place.ask(
        "SELECT xmin::text, count(DISTINCT vshard) FROM cluster.payments GROUP BY xmin::text
         HAVING 1 < count(DISTINCT vshard)",
    );
    assert_eq!(of_many, Vec::<Vec<String>>::new());
}
