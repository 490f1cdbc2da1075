//! A store of its own, on whichever engine, on a clock that stands still.

use qisma_domain::decide::Decide;
use qisma_domain::time::Timestamp;
use qisma_store::sqlite::{Writer, open_writer};
use qisma_store::{
    Engine, Fold, Lane, LaneOptions, LeaseOptions, PostgresOptions, RunError, Store, StoreOptions,
    migrate_engine, postgres,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::fmt::Write;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use tempfile::TempDir;
use throwaway_postgres::{Lent, Profile};

use crate::citus::{self, CitusSchema};

pub const NOW: Timestamp = Timestamp::from_secs(1_000_000);
/// Gateways tell each other apart by chance, so no two of them draw alike.
static SEEDS: AtomicU64 = AtomicU64::new(10_000);

/// What the store has told: how often there was something to deliver, and what was fatal; and how
/// many batches it took, each of which asks the clock once.
#[derive(Clone, Default)]
pub struct Told {
    /// What chance begins with.
    pub seed: u64,
    /// When balances follow the journal.
    pub fold: Fold,
    pub deliveries: Arc<AtomicUsize>,
    pub batches: Arc<AtomicUsize>,
    pub fatal: Arc<Mutex<Vec<String>>>,
}

impl Told {
    pub fn deliveries(&self) -> usize {
        self.deliveries.load(Ordering::SeqCst)
    }

    pub fn batches(&self) -> usize {
        self.batches.load(Ordering::SeqCst)
    }

    pub fn fatal(&self) -> Vec<String> {
        self.fatal.lock().expect("no test panics holding it").clone()
    }
}

pub struct Place {
    pub store: Store,
    pub told: Told,
    /// The file, where the engine is the embedded one.
    pub path: PathBuf,
    kept: Kept,
}

/// Where the rows are, for as long as the test runs.
enum Kept {
    File { _dir: TempDir },
    Server(Box<Lent>),
    Citus(CitusSchema),
}

pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

fn options(told: &Told, now: Now) -> LaneOptions {
    let (deliveries, fatal) = (told.deliveries.clone(), told.fatal.clone());
    let batches = told.batches.clone();
    LaneOptions {
        now: Arc::new(move || {
            batches.fetch_add(1, Ordering::SeqCst);
            now()
        }),
        rng: Box::new(StdRng::seed_from_u64(7)),
        on_fatal: Box::new(move |why| fatal.lock().expect("no test panics holding it").push(why)),
        on_delivery: Arc::new(move || {
            deliveries.fetch_add(1, Ordering::SeqCst);
        }),
        fold: told.fold,
        calendar: Arc::default(),
        on_unfolded: Arc::new(|| {}),
        callers_version: Arc::default(),
    }
}

pub fn open(path: &Path, told: &Told) -> Store {
    open_engine(Engine::Sqlite(path.to_owned()), told)
}

pub fn open_engine(engine: Engine, told: &Told) -> Store {
    open_at(engine, told, Arc::new(|| NOW))
}

/// A store whose clock the test moves, as of a gateway of its own.
pub fn open_at(engine: Engine, told: &Told, now: Now) -> Store {
    let lane = options(told, now);
    let fatal = told.fatal.clone();
    Store::open(StoreOptions {
        engine,
        read_connections_max: 2,
        leases: LeaseOptions { clock_must_agree: false, ..LeaseOptions::default() },
        fold: told.fold,
        calendar: Arc::default(),
        now: lane.now,
        rng: {
            // Another seed for each lane and each node: those who draw alike would not race.
            let mut seed = told.seed;
            Box::new(move || {
                seed += 1;
                Box::new(StdRng::seed_from_u64(seed))
            })
        },
        on_fatal: Arc::new(move |why| fatal.lock().expect("no test panics holding it").push(why)),
        on_delivery: lane.on_delivery,
    })
    .expect("an empty database becomes a store")
}

/// A store on the engine that the suite runs on: SQLite, or the PostgreSQL that the environment wants.
pub fn place() -> Place {
    place_with(Told::default())
}

/// The same, whose balances follow the journal at once or later.
pub fn place_that_folds(fold: Fold) -> Place {
    place_with(Told { fold, ..Told::default() })
}

fn place_with(told: Told) -> Place {
    if let Some(schema) = CitusSchema::wanted() {
        let store = open_engine(schema.engine(1), &told);
        return Place { store, told, path: PathBuf::new(), kept: Kept::Citus(schema) };
    }
    match Lent::wanted(&template(), migrate).expect("the machine has PostgreSQL") {
        Some(lent) => with(lent, 1, told),
        None => embedded_with(told),
    }
}

/// A store on the embedded engine, whatever the suite runs on.
pub fn embedded() -> Place {
    embedded_with(Told::default())
}

fn embedded_with(told: Told) -> Place {
    let dir = tempfile::tempdir().expect("the machine has a directory for tests");
    let path = dir.path().join("qisma.db");
    Place { store: open(&path, &told), told, path, kept: Kept::File { _dir: dir } }
}

/// A store on a database of its own of a PostgreSQL server.
pub fn on_server(profile: Profile, lanes: usize) -> Place {
    let lent = Lent::in_profile(profile, &template(), migrate);
    with(lent.expect("the machine has PostgreSQL"), lanes, Told::default())
}

fn with(lent: Lent, lanes: usize, told: Told) -> Place {
    let engine = server(lent.url().to_owned(), lent.is_pooled(), lanes);
    let store = open_engine(engine, &told);
    Place { store, told, path: PathBuf::new(), kept: Kept::Server(Box::new(lent)) }
}

fn template() -> String {
    format!("qisma_store_{}", postgres::schema_digest())
}

fn migrate(url: &str) -> anyhow::Result<()> {
    migrate_engine(&server(url.to_owned(), false, 1), NOW)?;
    Ok(())
}

fn server(url: String, is_pooled: bool, lanes: usize) -> Engine {
    Engine::Postgres(PostgresOptions { url, tls_ca_file: None, is_pooled, is_citus: false, lanes })
}

/// A lane alone, over a writer that the test has had in its hands.
pub fn lane(path: &Path, told: &Told, prepare: impl FnOnce(&Writer)) -> Lane {
    let writer = open_writer(path, NOW).expect("a fresh directory takes a database");
    prepare(&writer);
    Lane::start(writer, options(told, Arc::new(|| NOW))).expect("a thread can be started")
}

/// Puts a command in the queue: polled once, it is there.
pub async fn queued<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let first = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
    assert!(first.is_pending(), "it was answered at once");
    future
}

/// The answer or the refusal; anything else is a failure of the test.
pub fn verdict<A, R>(result: Result<A, RunError<R>>) -> Result<A, R> {
    result.map_err(|error| match error.without_refusal::<()>() {
        Ok(other) => panic!("neither answered nor refused: {other}"),
        Err(refusal) => refusal,
    })
}

impl Place {
    /// Runs a command that is not refused.
    pub async fn must<D: Decide>(&self, command: D) -> D::Answer {
        let answer = verdict(self.store.run(command).await);
        answer.map_err(|_| "refused").expect("the test wants it to go through")
    }

    /// A connection of somebody else to the embedded engine's file.
    pub fn connection(&self) -> Connection {
        Connection::open(&self.path).expect("the store has made it")
    }

    /// Another store on the same database, as of another process.
    pub fn another(&self, told: &Told, lanes: usize) -> Store {
        match &self.kept {
            Kept::File { .. } => open(&self.path, told),
            Kept::Citus(schema) => open_engine(schema.engine(lanes), told),
            Kept::Server(lent) => {
                open_engine(server(lent.url().to_owned(), lent.is_pooled(), lanes), told)
            }
        }
    }

    /// Another store on the same server, as of another gateway with a clock of its own.
    pub fn gateway(&self, now: Now) -> Store {
        self.gateway_with_lanes(now, 2)
    }

    /// The same with so many lanes.
    pub fn gateway_with_lanes(&self, now: Now, lanes: usize) -> Store {
        let told = Told { seed: SEEDS.fetch_add(1_000, Ordering::SeqCst), ..Told::default() };
        open_at(server(self.url().to_owned(), false, lanes), &told, now)
    }

    /// Where the database is, of a server.
    pub fn url(&self) -> &str {
        match &self.kept {
            Kept::File { .. } => panic!("a file has no URL"),
            Kept::Server(lent) => lent.url(),
            Kept::Citus(schema) => schema.url(),
        }
    }

    /// A statement behind the store's back.
    pub fn execute(&self, sql: &str) {
        match &self.kept {
            Kept::File { .. } => {
                self.connection().execute_batch(sql).expect("the test knows the schema");
            }
            Kept::Server(_) | Kept::Citus(_) => {
                self.ask(sql);
            }
        }
    }

    /// Asks the server past the store; all rows as text.
    pub fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        let messages = citus::ask(self.url(), sql).expect("the test knows the schema");
        let rows = messages.iter().filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let text = |row: &tokio_postgres::SimpleQueryRow| {
            (0..row.len()).map(|column| row.get(column).unwrap_or("NULL").to_owned()).collect()
        };
        rows.map(text).collect()
    }

    pub fn number(&self, sql: &str) -> i64 {
        match &self.kept {
            Kept::File { .. } => self
                .connection()
                .query_row(sql, [], |row| row.get(0))
                .expect("the test knows the schema"),
            Kept::Server(_) | Kept::Citus(_) => self.ask(sql)[0][0].parse().expect("a number"),
        }
    }

    pub fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {table}"))
    }

    /// Every row of every table, in an order of its own.
    pub fn dump(&self) -> String {
        if let Kept::File { .. } = self.kept {
            return dump_file(&self.path);
        }
        // What says which batches there were is not of the books.
        let tables = self.ask(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()
             AND table_name NOT IN ('batches', 'schema_version', 'leases', 'nodes') ORDER BY 1",
        );
        let mut text = String::new();
        for name in tables.iter().map(|row| &row[0]) {
            let rows = self.ask(&format!("SELECT * FROM {name}"));
            let mut rows: Vec<_> = rows.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            writeln!(text, "{name}\n{}", rows.join("\n")).expect("a String takes all");
        }
        text
    }
}

/// Every row of every table, in an order of its own.
pub fn dump_file(path: &Path) -> String {
    let connection = Connection::open(path).expect("the store has made it");
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    let mut names = connection.prepare(sql).expect("every database has it");
    let names = names.query_map([], |row| row.get::<_, String>(0)).expect("it reads");
    let mut text = String::new();
    for name in names.map(|name| name.expect("it reads")) {
        let mut table = connection.prepare(&format!("SELECT * FROM {name}")).expect("it is there");
        let columns = table.column_count();
        let read = |row: &rusqlite::Row<'_>| {
            (0..columns).map(|column| row.get::<_, Value>(column)).collect::<Result<Vec<_>, _>>()
        };
        let rows = table.query_map([], read).expect("it reads");
        let mut rows: Vec<_> = rows.map(|row| format!("{:?}", row.expect("it reads"))).collect();
        rows.sort();
        writeln!(text, "{name}\n{}", rows.join("\n")).expect("a String takes all");
    }
    text
}
