//! Forget idempotency keys whose time is over.

use rand_core::Rng;
use std::convert::Infallible;

use super::Decide;
use crate::changes::Changes;
use crate::idempotency::IdempotencyScope;
use crate::limits::IDEMPOTENCY_RETENTION_SECS;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Forget these keys, those of them whose time is over.
#[derive(Clone, Debug)]
pub struct PruneKeys {
    /// The keys, as a read found them; a few hundred at a time, so that payments need not wait.
    pub scopes: Vec<IdempotencyScope>,
}

/// The moment before which a key must have been made to be forgotten now.
pub const fn forgotten_before(now: Timestamp) -> Timestamp {
    now.plus_secs(-IDEMPOTENCY_RETENTION_SECS)
}

impl Decide for PruneKeys {
    /// How many were forgotten.
    type Answer = usize;
    type Refusal = Infallible;

    fn keys(&self, keys: &mut Keys) {
        keys.idempotency.extend(self.scopes.iter().cloned());
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(usize, Changes), Infallible> {
        let is_over = |scope: &&IdempotencyScope| {
            see.idempotency.get(scope).is_some_and(|row| row.created_at < forgotten_before(now))
        };
        let mut changes = Changes::none();
        changes.idempotency_pruned = self.scopes.iter().filter(is_over).cloned().collect();
        changes.idempotency_pruned.sort();
        changes.idempotency_pruned.dedup();
        Ok((changes.idempotency_pruned.len(), changes))
    }
}
