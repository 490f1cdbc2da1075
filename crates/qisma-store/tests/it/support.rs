//! A store in a directory of its own, on a clock that stands still.

use qisma_domain::decide::Decide;
use qisma_domain::time::Timestamp;
use qisma_store::sqlite::{Writer, open_writer};
use qisma_store::{Engine, Lane, LaneOptions, RunError, Store, StoreOptions};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::fmt::Write;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use tempfile::TempDir;

pub const NOW: Timestamp = Timestamp::from_secs(1_000_000);

/// What the store has told: how often there was something to deliver, and what was fatal; and how
/// many batches it took, each of which asks the clock once.
#[derive(Clone, Default)]
pub struct Told {
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
    pub path: PathBuf,
    _dir: TempDir,
}

fn options(told: &Told) -> LaneOptions {
    let (deliveries, fatal) = (told.deliveries.clone(), told.fatal.clone());
    let batches = told.batches.clone();
    LaneOptions {
        now: Arc::new(move || {
            batches.fetch_add(1, Ordering::SeqCst);
            NOW
        }),
        rng: Box::new(StdRng::seed_from_u64(7)),
        on_fatal: Box::new(move |why| fatal.lock().expect("no test panics holding it").push(why)),
        on_delivery: Arc::new(move || {
            deliveries.fetch_add(1, Ordering::SeqCst);
        }),
    }
}

pub fn open(path: &Path, told: &Told) -> Store {
    let lane = options(told);
    let fatal = told.fatal.clone();
    Store::open(StoreOptions {
        engine: Engine::Sqlite(path.to_owned()),
        read_connections_max: 2,
        now: lane.now,
        rng: Box::new(|| Box::new(StdRng::seed_from_u64(7))),
        on_fatal: Arc::new(move |why| fatal.lock().expect("no test panics holding it").push(why)),
        on_delivery: lane.on_delivery,
    })
    .expect("a fresh directory takes a database")
}

pub fn place() -> Place {
    let dir = tempfile::tempdir().expect("the machine has a directory for tests");
    let path = dir.path().join("qisma.db");
    let told = Told::default();
    Place { store: open(&path, &told), told, path, _dir: dir }
}

/// A lane alone, over a writer that the test has had in its hands.
pub fn lane(path: &Path, told: &Told, prepare: impl FnOnce(&Writer)) -> Lane {
    let writer = open_writer(path, NOW).expect("a fresh directory takes a database");
    prepare(&writer);
    Lane::start(writer, options(told)).expect("a thread can be started")
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

    /// A connection of somebody else.
    pub fn connection(&self) -> Connection {
        Connection::open(&self.path).expect("the store has made it")
    }

    pub fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.connection().query_row(&sql, [], |row| row.get(0)).expect("the table is there")
    }
}

/// Every row of every table, in an order of its own.
pub fn dump(path: &Path) -> String {
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
