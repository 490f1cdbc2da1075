//! Databases of a cluster: one for each test, gone when it ends.

use crate::cluster::{Cluster, random_hex};
use anyhow::Context as _;
use std::fs::File;
use std::time::Duration;
use tokio_postgres::{Client, Config, NoTls};

/// The database that is there from the beginning.
const MAINTENANCE: &str = "postgres";
/// To connect on the loopback; more means that the server hangs.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// A database of its own, dropped with everything in it when this is.
#[derive(Debug)]
pub struct Database {
    name: String,
    url: String,
    maintenance_url: String,
}

impl Database {
    /// Its name in the cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, as clients want to know it; with the password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same database by way of somebody in front of the cluster.
    pub(crate) fn through(mut self, url: String) -> Self {
        self.url = url;
        self
    }
}

impl Drop for Database {
    /// A cluster that many tests share would otherwise grow by 8 MB with each.
    fn drop(&mut self) {
        let (url, name) = (self.maintenance_url.clone(), self.name.clone());
        let remove = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let client = connect(&url).await?;
                let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(&name));
                Ok::<_, anyhow::Error>(client.batch_execute(&statement).await?)
            })
        };
        // Not on this thread, which may belong to a runtime. A server that is gone has no databases.
        let _ = std::thread::spawn(remove).join();
    }
}

impl Cluster {
    /// A connection to one of its databases, as the superuser, that ends when the client is dropped.
    ///
    /// Must be called within a tokio runtime.
    pub async fn connect(&self, database: &str) -> anyhow::Result<Client> {
        connect(&self.url(database)).await
    }

    /// Makes an empty database.
    ///
    /// Fails where one of that name exists.
    pub async fn create_database(&self, name: &str) -> anyhow::Result<Database> {
        self.create(&format!("CREATE DATABASE {}", quoted(name)), name).await
    }

    /// Makes an empty database with a name of its own.
    pub async fn database(&self) -> anyhow::Result<Database> {
        self.create_database(&fresh_name()?).await
    }

    /// Makes a database with a name of its own as a copy of a template, which is far cheaper than to
    /// migrate one. The first that asks for the template makes it, by this function of its URL, and all
    /// others wait; so its name must change with what is in it, for example by a digest.
    ///
    /// Connections that the function opens must be closed when it ends.
    pub async fn database_from(
        &self,
        template: &str,
        migrate: impl AsyncFnOnce(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<Database> {
        self.ensure_template(template, migrate).await?;
        let name = fresh_name()?;
        let (copy, of) = (quoted(&name), quoted(template));
        self.create(&format!("CREATE DATABASE {copy} TEMPLATE {of}"), &name).await
    }

    async fn ensure_template(
        &self,
        template: &str,
        migrate: impl AsyncFnOnce(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let path = self.directory().join("templates.lock");
        self.place().touch(&path)?;
        // Waiting here must not stop the one who holds it, if both are of one thread.
        let lock = tokio::task::spawn_blocking(move || {
            let file = File::options().append(true).open(path)?;
            file.lock()?;
            Ok::<_, std::io::Error>(file)
        });
        let _lock = lock.await??;
        let client = self.connect(MAINTENANCE).await?;
        let select = "SELECT 1 FROM pg_database WHERE datname = $1";
        if client.query_opt(select, &[&template]).await?.is_some() {
            return Ok(());
        }
        let unfinished = format!("{template}_unfinished");
        let draft = quoted(&unfinished);
        // Of someone who was killed meanwhile.
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await?;
        client.batch_execute(&format!("CREATE DATABASE {draft}")).await?;
        migrate(&self.url(&unfinished)).await?;
        let rename = format!("ALTER DATABASE {draft} RENAME TO {}", quoted(template));
        Ok(client.batch_execute(&rename).await?)
    }

    async fn create(&self, statement: &str, name: &str) -> anyhow::Result<Database> {
        let client = self.connect(MAINTENANCE).await?;
        let created = client.batch_execute(statement).await;
        created.with_context(|| format!("the database {name} cannot be made"))?;
        let maintenance_url = self.url(MAINTENANCE);
        Ok(Database { name: name.to_owned(), url: self.url(name), maintenance_url })
    }
}

/// Where a database is that is reached at a port of ours.
pub fn url(port: u16, password: &str, database: &str) -> String {
    format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
}

fn fresh_name() -> anyhow::Result<String> {
    Ok(format!("test_{}", random_hex()?))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let mut config: Config = url.parse()?;
    config.connect_timeout(CONNECT_TIMEOUT);
    let (client, connection) =
        config.connect(NoTls).await.context("the cluster does not answer")?;
    // What goes wrong with the connection, its client hears as well.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(client)
}
