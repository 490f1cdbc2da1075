//! Rotate an app's keys: a new pair works at once, the old ones until the overlap is over.

use rand_core::Rng;

use super::Decide;
use super::create_app::NewKeyPair;
use crate::app::{KeyKind, KeyPair};
use crate::changes::Changes;
use crate::ids::AppId;
use crate::limits::KEY_OVERLAP_HOURS_MAX;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Rotate an app's keys.
#[derive(Clone, Debug)]
pub struct RotateKeys {
    /// The app.
    pub app: AppId,
    /// The new pair.
    pub keys: NewKeyPair,
    /// How long the old pairs still work; 0 ends them at once.
    pub overlap_hours: i64,
}

/// Why they were not rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotateRefusal {
    /// No such app.
    #[error("there is no app with this id; `qisma app list` shows them")]
    NotFound,
    /// Too long, or below zero.
    #[error("an overlap is 0 to 168 hours")]
    BadOverlap,
}

impl Decide for RotateKeys {
    /// When the old pairs end.
    type Answer = Timestamp;
    type Refusal = RotateRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.apps.insert(self.app);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(Timestamp, Changes), RotateRefusal> {
        see.apps.get(&self.app).ok_or(RotateRefusal::NotFound)?;
        if !(0..=KEY_OVERLAP_HOURS_MAX).contains(&self.overlap_hours) {
            return Err(RotateRefusal::BadOverlap);
        }
        let ends_at = now.plus_secs(self.overlap_hours * 3_600);
        let mut changes = Changes::none();
        // An API key is another door, and is revoked by its own command.
        let is_old = |pair: &&KeyPair| pair.app == self.app && pair.kind == KeyKind::Pair;
        for old in see.key_pairs.values().filter(is_old) {
            // A pair that ends sooner anyway keeps its end: two rotations must not revive it.
            if old.expires_at.is_none_or(|end| ends_at < end) {
                let mut pair = old.clone();
                pair.expires_at = Some(ends_at);
                pair.version += 1;
                changes.key_pairs.push(pair);
            }
        }
        changes.key_pairs.push(KeyPair {
            public_key: self.keys.public_key.clone(),
            app: self.app,
            kind: KeyKind::Pair,
            name: None,
            private_key_hash: self.keys.private_key_hash,
            created_at: now,
            expires_at: None,
            version: 1,
        });
        Ok((ends_at, changes))
    }
}
