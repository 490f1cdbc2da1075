//! Whose keys came lately. What a public key leads to is remembered for a second, so that a shop that
//! asks a thousand times a second costs the store one look.

use std::sync::Arc;

use qisma_domain::time::Timestamp;
use qisma_store::{AuthRow, ReadError, Reader, Store};
use quick_cache::sync::Cache;
use std::time::Duration;
use tokio::time::Instant;

/// Keys remembered at once. Only keys that exist are, so strangers cannot fill it.
const KEYS_MAX: usize = 10_000;
/// How long another node may go on with what was revoked here.
const AGE_MICROS_MAX: i64 = 1_000_000;
const AGE_MAX: Duration = Duration::from_secs(1);

/// What public keys were found to lead to.
pub struct KnownKeys {
    rows: Cache<String, Known>,
}

#[derive(Clone)]
struct Known {
    row: Arc<AuthRow>,
    read_at: Timestamp,
    read_instant: Instant,
    /// [`Store::callers_version`] from before the read.
    version: u64,
}

impl Default for KnownKeys {
    fn default() -> Self {
        Self { rows: Cache::new(KEYS_MAX) }
    }
}

impl KnownKeys {
    /// What a public key was found to lead to within the last second, unless this gateway has changed
    /// a merchant, an app or a key since: who revokes a key here is obeyed at once.
    pub fn recent(&self, store: &Store, public_key: &str, now: Timestamp) -> Option<Arc<AuthRow>> {
        let known = self.rows.get(public_key)?;
        let age_micros = now.micros().saturating_sub(known.read_at.micros());
        // A clock that was set back makes nothing last longer.
        let is_recent =
            (0..AGE_MICROS_MAX).contains(&age_micros) && known.read_instant.elapsed() < AGE_MAX;
        (is_recent && known.version == store.callers_version()).then_some(known.row)
    }

    /// The same, or what the store says now. To be asked before anything else is read: the moment that
    /// the reader sees must not be older than the version.
    pub fn find(
        &self,
        (store, reader): (&Store, &Reader<'_>),
        public_key: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<AuthRow>>, ReadError> {
        if let Some(row) = self.recent(store, public_key, now) {
            return Ok(Some(row));
        }
        let (version, read_instant) = (store.callers_version(), Instant::now());
        let Some(row) = reader.auth_by_public_key(public_key)? else { return Ok(None) };
        let row = Arc::new(row);
        let known = Known { row: row.clone(), read_at: now, read_instant, version };
        self.rows.insert(public_key.to_owned(), known);
        Ok(Some(row))
    }
}
