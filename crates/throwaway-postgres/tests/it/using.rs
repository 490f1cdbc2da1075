//! What a test does with a cluster.

use crate::owner::Owner;
use std::cell::Cell;
use throwaway_postgres::{Cluster, Options, Profile, Stand, Stop};
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("it answers");
    tokio::spawn(connection);
    client
}

async fn ask(url: &str, query: &str) -> String {
    let row = connect(url).await.query_typed(query, &[]).await.expect("a query that works");
    row.first().expect("a row").get(0)
}

async fn check_profile(profile: Profile, query: &str, expected: &str) {
    let stand = Stand::shared(profile).expect("a stand starts");
    let database = stand.database().await.expect("a database is made");
    let answer = ask(database.url(), query).await;
    assert!(answer.starts_with(expected), "{answer}");
}

#[tokio::test]
async fn the_plain_cluster_tells_its_version() {
    check_profile(Profile::Plain, "SELECT version()", "PostgreSQL ").await;
}

#[tokio::test]
async fn the_serializable_cluster_isolates_without_being_asked() {
    check_profile(Profile::Serializable, "SHOW transaction_isolation", "serializable").await;
}

#[tokio::test]
async fn the_cluster_of_postgresql_18_is_one() {
    check_profile(Profile::Eighteen, "SELECT version()", "PostgreSQL 18").await;
}

#[tokio::test]
async fn the_pooler_answers_for_the_cluster() {
    check_profile(Profile::Pooled, "SELECT version()", "PostgreSQL ").await;
}

#[tokio::test]
async fn the_pooler_lends_one_connection_to_many_clients() {
    let stand = Stand::shared(Profile::Pooled).unwrap();
    let database = stand.database().await.unwrap();
    let backend = "SELECT pg_backend_pid()::text";
    // The second holds its own connection to the pooler while the first still has one.
    let (first, second) = (connect(database.url()).await, connect(database.url()).await);
    let first: String = first.query_typed(backend, &[]).await.unwrap()[0].get(0);
    let second: String = second.query_typed(backend, &[]).await.unwrap()[0].get(0);
    assert_eq!(first, second);
}

#[test]
fn the_pooler_goes_with_its_killed_owner() {
    let owner = Owner::start("pooled");
    let directory = owner.directory.clone();
    let watch = owner.watch(directory.join("lock"));
    owner.kill();
    watch.until_gone();
    assert!(!directory.exists(), "{} is still there", directory.display());
}

#[tokio::test]
async fn commits_wait_for_the_disk_where_a_cluster_is_asked_for_by_itself() {
    let cluster = Cluster::shared(&Options::default()).unwrap();
    let client = cluster.connect("postgres").await.unwrap();
    let row = client.query_one("SELECT current_setting('fsync')", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "on");
}

#[tokio::test]
async fn pages_carry_checksums() {
    check_profile(Profile::Plain, "SELECT current_setting('data_checksums')", "on").await;
}

#[tokio::test]
async fn a_database_is_gone_when_it_is_dropped() {
    let cluster = Cluster::shared(&Options::default()).unwrap();
    let database = cluster.database().await.unwrap();
    let name = database.name().to_owned();
    // Even while somebody is connected.
    let _client = connect(database.url()).await;
    drop(database);
    let query = format!("SELECT count(*)::text FROM pg_database WHERE datname = '{name}'");
    assert_eq!(ask(&cluster.url("postgres"), &query).await, "0");
}

#[tokio::test]
async fn a_template_is_migrated_once_for_all_its_copies() {
    let cluster = Cluster::start(&Options { fsync: false, ..Options::default() }).unwrap();
    let migrations = Cell::new(0);
    let migrate = async |url: &str| {
        migrations.set(migrations.get() + 1);
        connect(url).await.batch_execute("CREATE TABLE payments AS SELECT 7::text AS id").await?;
        Ok(())
    };
    let (first, second) = tokio::join!(
        cluster.database_from("migrated", migrate),
        cluster.database_from("migrated", migrate),
    );
    for database in [first.unwrap(), second.unwrap()] {
        assert_eq!(ask(database.url(), "SELECT id FROM payments").await, "7");
    }
    assert_eq!(migrations.get(), 1);
}

#[tokio::test]
async fn a_killed_server_comes_back_with_its_data() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    let client = cluster.connect("postgres").await.unwrap();
    client.batch_execute("CREATE TABLE payments AS SELECT 7::text AS id").await.unwrap();
    cluster.stop(Stop::Killed).unwrap();
    cluster.resume().unwrap();
    assert_eq!(ask(&cluster.url("postgres"), "SELECT id FROM payments").await, "7");
}

#[tokio::test]
async fn a_stranger_without_the_password_is_refused() {
    let cluster = Cluster::shared(&Options::default()).unwrap();
    let url = format!("postgres://postgres:guess@127.0.0.1:{}/postgres", cluster.port());
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
}
