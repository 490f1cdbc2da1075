//! What can go wrong, told apart by what is known of the outcome.

/// Why a command has no answer of its own.
#[derive(Debug, thiserror::Error)]
pub enum RunError<R> {
    /// The domain refused: nothing was written.
    #[error("refused")]
    Refused(R),
    /// The queue is full: nothing was written.
    #[error("too many changes are waiting; try again in a moment")]
    Overloaded,
    /// The disk is full: nothing was written.
    #[error("the disk is full; free some space")]
    StorageFull,
    /// The rows could not be loaded, somebody else holds the database, or the store is closing:
    /// nothing was written.
    #[error("the database cannot be used right now; nothing happened")]
    Unavailable,
    /// Another node has taken over the shard for which a worker did this: nothing was written.
    #[error("another gateway has taken over this work; nothing happened")]
    Superseded,
    /// A bug of ours: nothing was written.
    #[error("an internal error; nothing happened")]
    Internal,
    /// The commit's outcome is unknown: only the database, opened again, can say.
    #[error("the outcome is unknown; ask again with the same key")]
    Unknown,
}

impl<R> RunError<R> {
    /// The same error of a command with other refusals, if it is not a refusal.
    pub fn without_refusal<S>(self) -> Result<RunError<S>, R> {
        match self {
            Self::Refused(refusal) => Err(refusal),
            Self::Overloaded => Ok(RunError::Overloaded),
            Self::StorageFull => Ok(RunError::StorageFull),
            Self::Unavailable => Ok(RunError::Unavailable),
            Self::Superseded => Ok(RunError::Superseded),
            Self::Internal => Ok(RunError::Internal),
            Self::Unknown => Ok(RunError::Unknown),
        }
    }
}

/// Why a read has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database said so.
    #[error("the database could not be read: {0}")]
    Database(#[from] rusqlite::Error),
    /// The server said so, or did not answer.
    #[error("the database could not be read: {0}")]
    Server(String),
    /// A row holds what no version of this schema writes.
    #[error("a stored row cannot be understood: {0}")]
    Corrupt(String),
    /// The store is closing.
    #[error("the store is closing")]
    Closed,
}

impl ReadError {
    /// Whether a row is to blame, and not the database as a whole: other rows can still be read.
    #[must_use]
    pub fn is_of_a_row(&self) -> bool {
        match self {
            Self::Database(error) => error.sqlite_error().is_none(),
            Self::Corrupt(_) => true,
            Self::Server(_) | Self::Closed => false,
        }
    }
}

impl From<crate::postgres::Trouble> for ReadError {
    fn from(trouble: crate::postgres::Trouble) -> Self {
        Self::Server(trouble.to_string())
    }
}

impl From<tokio_postgres::Error> for ReadError {
    fn from(error: tokio_postgres::Error) -> Self {
        // What comes straight from the driver is a column of another kind than the schema's.
        Self::Corrupt(error.to_string())
    }
}

/// What to do when the database will not be durable.
fn advice(pragma: &str) -> &'static str {
    if pragma == "synchronous_commit" {
        "Set synchronous_commit = on for this role or on the server"
    } else {
        "Use a local disk, not a network file system"
    }
}

/// Why a store cannot be opened. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite said so.
    #[error("cannot open the database {path}: {cause}")]
    Database {
        /// The file.
        path: String,
        /// What SQLite said.
        cause: rusqlite::Error,
    },
    /// The server said so, or does not answer.
    #[error("cannot use the PostgreSQL database {server}: {cause}")]
    Server {
        /// The servers and the database, without user or password.
        server: String,
        /// What was said.
        cause: String,
    },
    /// The URL of the database is not one. It may hold a password, so it is not repeated.
    #[error("database.url cannot be used: {0}")]
    Url(String),
    /// The certificate authority cannot be read.
    #[error("database.tls_ca_file {path} cannot be used: {cause}", path = path.display())]
    Certificates {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        cause: String,
    },
    /// The database cannot hold every name.
    #[error(
        "the PostgreSQL database {server} has the encoding {encoding}, which cannot hold every name; create it \
         with ENCODING 'UTF8' TEMPLATE template0. Nothing was written"
    )]
    Encoding {
        /// The servers and the database.
        server: String,
        /// Its encoding.
        encoding: String,
    },
    /// Another node is changing the schema.
    #[error(
        "another node is bringing the schema of {0} up to date; start this one when it is done (or, if \
         it died, within the hour)"
    )]
    BeingMigrated(String),
    /// The file cannot be opened for writing, or cannot be made.
    #[error("cannot open or create the database {path}: {cause}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The SQLite in this binary has the WAL-reset bug, or was withdrawn.
    #[error("this binary holds SQLite {0}, which can lose commits; build it with 3.51.3 or later")]
    SqliteVersion(String),
    /// A pragma did not take.
    #[error(
        "the database refuses {pragma}={wanted} (it says {found}); acknowledged payments could be \
         lost, so it is not opened. {}",
        advice(pragma)
    )]
    Pragma {
        /// Its name.
        pragma: &'static str,
        /// What durability needs.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// The schema is from the future.
    #[error(
        "the database has schema {found}, this binary knows {known}; install the newer qisma that \
         wrote it"
    )]
    SchemaNewer {
        /// The schema's version.
        found: i64,
        /// The newest this binary knows.
        known: i64,
    },
    /// There is nothing to read.
    #[error("there is no database at {0}; `qisma serve` or `qisma migrate` makes one")]
    Missing(String),
    /// The schema is older than what this binary reads.
    #[error(
        "the database has schema {found}, this binary reads {known}; run `qisma migrate` first"
    )]
    SchemaOlder {
        /// The schema's version.
        found: i64,
        /// The one this binary reads.
        known: i64,
    },
    /// The secrets in it cannot be read with this master key.
    #[error(
        "the database {path} was written under the master key {written_under}, but the key in use is \
         {in_use}; put the right one back (master.key in the data directory, or \
         security.master_key). Nothing was changed"
    )]
    OtherKey {
        /// The file.
        path: String,
        /// The id of the key that it remembers.
        written_under: String,
        /// The id of the key in use.
        in_use: String,
    },
    /// Data is being moved into it, and is not all there.
    #[error(
        "a move into {0} has begun and not come to its end; run the same `qisma migrate --from` again \
         until it says that both sides are equal. Until then no gateway opens this database"
    )]
    MoveUnfinished(String),
    /// A migration was changed after it ran.
    #[error("migration {0} differs from the one this database ran; use an official build")]
    MigrationChanged(i64),
    /// The lane's thread could not be started.
    #[error("cannot start the lane: {0}")]
    Thread(std::io::Error),
}
