//! A schema of its own in the Citus cluster that `TEST_CITUS_URL` names: no package has Citus, so the
//! suite runs on one where somebody has built it.

use std::sync::atomic::{AtomicU32, Ordering};

use qisma_store::{Engine, PostgresOptions};
use tokio_postgres::SimpleQueryMessage;
use url::Url;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Dropped, it is gone with its tables.
pub struct CitusSchema {
    name: String,
    /// Of the database, whatever the schema.
    server: String,
    url: String,
}

impl CitusSchema {
    /// One, if the environment names a cluster.
    pub fn wanted() -> Option<Self> {
        let server = std::env::var("TEST_CITUS_URL").ok()?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Some(Self::make(server, format!("qisma_{}_{number}", std::process::id())))
    }

    fn make(server: String, name: String) -> Self {
        ask(&server, &format!("CREATE SCHEMA {name}")).expect("a role that may make schemas");
        Self { url: in_schema(&server, &name), server, name }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn engine(&self, lanes: usize) -> Engine {
        let url = self.url.clone();
        Engine::Postgres(PostgresOptions { is_citus: true, ..postgres_at(url, lanes) })
    }
}

impl Drop for CitusSchema {
    fn drop(&mut self) {
        // A test that fails has more to say than this.
        let _ = ask(&self.server, &format!("DROP SCHEMA {} CASCADE", self.name));
    }
}

/// The same database, seen from one of its schemas.
pub fn in_schema(server: &str, name: &str) -> String {
    let mut url = Url::parse(server).expect("a URL");
    url.query_pairs_mut().append_pair("options", &format!("-c search_path={name}"));
    // What forms write for a space means a plus here.
    url.as_str().replace('+', "%20")
}

pub fn postgres_at(url: String, lanes: usize) -> PostgresOptions {
    PostgresOptions { url, tls_ca_file: None, is_pooled: false, is_citus: false, lanes }
}

/// Asks a server past the store; all rows as text.
pub fn ask(url: &str, sql: &str) -> Result<Vec<SimpleQueryMessage>, tokio_postgres::Error> {
    // On a thread of its own, because the caller's may belong to a runtime.
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be made").block_on(async {
                let (client, connection) =
                    tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
                tokio::spawn(connection);
                client.simple_query(sql).await
            })
        });
        asking.join().expect("asking does not panic")
    })
}
