//! What a lane wants of an engine.

use std::sync::Arc;

use qisma_domain::changes::Changes;
use qisma_domain::snapshot::{Keys, Snapshot};
use qisma_domain::time::Timestamp;

use crate::error::ReadError;
use crate::leases::Fence;
use crate::save_error::SaveError;
use crate::stopping::Stopping;

/// A lane's end of a database.
pub trait LaneWriter: Send + 'static {
    /// Loads one round of rows. On an error nothing has happened.
    fn load(&mut self, keys: &Keys) -> Result<Snapshot, ReadError>;

    /// Saves a batch's changes, if all these fences still stand. On any error but
    /// [`SaveError::Unknown`] nothing of it is kept.
    fn save(&mut self, changes: Changes, fences: &[Fence], now: Timestamp)
    -> Result<(), SaveError>;

    /// Makes sure that what a batch without changes is answered from will stay, where that is not
    /// certain.
    fn confirm(&mut self, _now: Timestamp) -> Result<(), SaveError> {
        Ok(())
    }

    /// What is best done once the batch is answered. A failure ends the process.
    fn after_answers(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// Whether a batch holds one shard, because the shards are on different machines.
    fn takes_one_shard_at_a_time(&self) -> bool {
        false
    }

    /// What ends a save that waits for a server.
    fn stopping(&self) -> Arc<Stopping> {
        Arc::default()
    }
}
