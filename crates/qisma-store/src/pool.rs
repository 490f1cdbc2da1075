//! Read connections of either engine, and one thread hand-off a read.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

use crate::error::{OpenError, ReadError};
use crate::postgres::{self, Target};
use crate::reader::Reader;
use crate::session::Session;
use crate::sqlite;

/// Reading connections that take turns.
pub struct ReadPool {
    free: Arc<Mutex<Vec<Place>>>,
    permits: Arc<Semaphore>,
}

/// A place in the pool. A server's connection is opened when it is first wanted, and again after it
/// broke.
enum Place {
    Sqlite(rusqlite::Connection),
    Postgres(Box<Target>, Option<Box<postgres::Connection>>),
}

impl ReadPool {
    /// Opens `count` connections (at least one) to a database file.
    pub fn of_file(path: &Path, count: usize) -> Result<Self, OpenError> {
        let open = |_| sqlite::open_reader(path).map(Place::Sqlite);
        Ok(Self::of((0..count.max(1)).map(open).collect::<Result<Vec<_>, _>>()?))
    }

    /// Makes room for `count` connections (at least one) to a server.
    pub fn of_server(target: &Target, count: usize) -> Self {
        let place = |_| Place::Postgres(Box::new(target.clone()), None);
        Self::of((0..count.max(1)).map(place).collect())
    }

    fn of(places: Vec<Place>) -> Self {
        let permits = Arc::new(Semaphore::new(places.len()));
        Self { free: Arc::new(Mutex::new(places)), permits }
    }

    /// Runs a read on a free connection. All its statements see one moment of the database.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let permits = self.permits.clone();
        let permit = permits.acquire_owned().await.map_err(|_| ReadError::Closed)?;
        let free = self.free.clone();
        let done = tokio::task::spawn_blocking(move || {
            // The permit goes with the connection and not with the caller: one that is called off
            // must not let another in before its connection is back.
            let _permit = permit;
            let mut guard = Borrowed { place: take(&free), free };
            match guard.place.as_mut().ok_or(ReadError::Closed)? {
                Place::Sqlite(connection) => {
                    let _moment = Moment::begin(connection)?;
                    read(&Reader::new(Session::Sqlite(connection)))
                }
                Place::Postgres(target, place) => {
                    // Out of its place meanwhile: one whose read fails or panics is opened anew.
                    let connection = begun(target, place.take())?;
                    let answer = read(&Reader::new(Session::Postgres(&connection)))?;
                    connection.end_reading()?;
                    *place = Some(connection);
                    Ok(answer)
                }
            }
        });
        done.await.map_err(|_| ReadError::Closed)?
    }
}

/// A connection that has begun to read: the one that was kept, or where that has broken meanwhile, a
/// new one.
fn begun(
    target: &Target,
    kept: Option<Box<postgres::Connection>>,
) -> Result<Box<postgres::Connection>, ReadError> {
    let kept = kept.filter(|connection| connection.begin_reading().is_ok());
    if let Some(connection) = kept {
        return Ok(connection);
    }
    let opened = postgres::Connection::open(target);
    let opened = opened.map_err(|error| ReadError::Server(error.to_string()))?;
    opened.begin_reading()?;
    Ok(Box::new(opened))
}

/// One moment of a database file. Its two statements are kept like all others, so that no read pays for
/// planning them.
struct Moment<'c>(&'c rusqlite::Connection);

impl<'c> Moment<'c> {
    fn begin(connection: &'c rusqlite::Connection) -> Result<Self, rusqlite::Error> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }
}

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        // A read has nothing to undo. Should this fail, the next read's BEGIN says so.
        let _ = self.0.prepare_cached("COMMIT").and_then(|mut end| end.execute([]));
    }
}

fn take(free: &Mutex<Vec<Place>>) -> Option<Place> {
    free.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// A connection that goes back to the pool whatever happens to the read.
struct Borrowed {
    place: Option<Place>,
    free: Arc<Mutex<Vec<Place>>>,
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        }
    }
}
