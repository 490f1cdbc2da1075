//! The settings of the database: which engine, and how it is reached.

use std::path::{Path, PathBuf};

use qisma_store::postgres::Target;
use qisma_store::{Engine, PostgresOptions};

use super::reader::Reader;
use crate::data_dir::DataDir;

/// Where everything is stored.
#[derive(Clone)]
pub struct Database {
    /// The engine and how to reach it.
    pub engine: Engine,
    /// Connections that read at once, besides those that write.
    pub read_connections_max: usize,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A server's URL holds a password.
        f.debug_struct("Database")
            .field("engine", &self.engine.name())
            .field("read_connections_max", &self.read_connections_max)
            .finish()
    }
}

impl Database {
    pub(super) fn read(reader: &mut Reader<'_>, directory: &DataDir) -> Self {
        let key = "database.url";
        let text = reader.text(key).map(str::to_owned);
        let is_server = text.as_deref().is_some_and(|text| {
            text.starts_with("postgres://") || text.starts_with("postgresql://")
        });
        // Read whatever the engine: a wrong value is told before it matters.
        let server = Server::read(reader);
        let engine = match text {
            Some(url) if is_server => Engine::Postgres(server.at(reader, url)),
            text => Engine::Sqlite(file(reader, text.as_deref(), directory)),
        };
        Self {
            engine,
            read_connections_max: reader.number("database.read_connections_max", 1..=64),
        }
    }

    /// The file of the embedded engine, where that is the engine.
    pub fn file(&self) -> Option<&Path> {
        match &self.engine {
            Engine::Sqlite(path) => Some(path),
            Engine::Postgres(_) => None,
        }
    }
}

fn file(reader: &mut Reader<'_>, text: Option<&str>, directory: &DataDir) -> PathBuf {
    let path = text.and_then(|text| text.strip_prefix("sqlite:"));
    // `sqlite:///srv/q.db` is `sqlite:/srv/q.db` in the habit of other programs.
    let path = path.map(|path| path.strip_prefix("//").unwrap_or(path));
    match path {
        None if text.is_none() => {}
        // Nothing that vanishes with the process can hold money, and options would be ignored.
        Some(path) if !path.is_empty() && !path.contains(":memory:") && !path.contains('?') => {}
        _ => reader.must_be(
            "database.url",
            "sqlite:PATH with the path of a file, without options, or postgres://USER@HOST/DATABASE",
        ),
    }
    path.map_or_else(|| directory.database_path(), PathBuf::from)
}

/// The settings of a server, besides where it is.
struct Server {
    tls_ca_file: Option<PathBuf>,
    is_pooled: bool,
    is_citus: bool,
    lanes: usize,
}

impl Server {
    fn read(reader: &mut Reader<'_>) -> Self {
        let tls_ca_file = reader.text("database.tls_ca_file").map(PathBuf::from);
        let pooler = reader.text("database.pooler").unwrap_or("none");
        if !["none", "transaction"].contains(&pooler) {
            reader.must_be("database.pooler", "none or transaction");
        }
        let is_pooled = pooler == "transaction";
        let profile = reader.text("database.profile").unwrap_or("plain");
        if !["plain", "citus"].contains(&profile) {
            reader.must_be("database.profile", "plain or citus");
        }
        let is_citus = profile == "citus";
        if is_citus && reader.text("ledger.fold") != Some("deferred") {
            // Inline, a capture would lock rows of several machines until all of them have prepared.
            reader.must_be("ledger.fold", "\"deferred\" where database.profile is citus");
        }
        Self { tls_ca_file, is_pooled, is_citus, lanes: reader.number("database.lanes", 1..=64) }
    }

    fn at(self, reader: &mut Reader<'_>, url: String) -> PostgresOptions {
        let Self { tls_ca_file, is_pooled, is_citus, lanes } = self;
        let options = PostgresOptions { url, tls_ca_file, is_pooled, is_citus, lanes };
        if let Err(error) = Target::new(&options) {
            reader.must_be("database.url", format!("one that can be used: {error}"));
        }
        options
    }
}
