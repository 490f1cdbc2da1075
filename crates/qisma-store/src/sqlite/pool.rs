//! Read connections, and one thread hand-off a read.

use rusqlite::Connection;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

use crate::error::{OpenError, ReadError};
use crate::reader::Reader;

/// Reading connections that take turns.
pub struct ReadPool {
    free: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl ReadPool {
    /// Opens `count` connections (at least one).
    pub fn open(path: &Path, count: usize) -> Result<Self, OpenError> {
        let count = count.max(1);
        let connections =
            (0..count).map(|_| super::open_reader(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            free: Arc::new(Mutex::new(connections)),
            permits: Arc::new(Semaphore::new(count)),
        })
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
            let guard = Borrowed { connection: take(&free), free };
            let connection = guard.connection.as_ref().ok_or(ReadError::Closed)?;
            let _moment = Moment::begin(connection)?;
            read(&Reader::new(connection))
        });
        done.await.map_err(|_| ReadError::Closed)?
    }
}

/// One moment of the database. Its two statements are kept like all others, so that no read pays for
/// planning them.
struct Moment<'c>(&'c Connection);

impl<'c> Moment<'c> {
    fn begin(connection: &'c Connection) -> Result<Self, rusqlite::Error> {
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

fn take(free: &Mutex<Vec<Connection>>) -> Option<Connection> {
    free.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// A connection that goes back to the pool whatever happens to the read.
struct Borrowed {
    connection: Option<Connection>,
    free: Arc<Mutex<Vec<Connection>>>,
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
