//! Revoke an API key, at once and for good.

use rand_core::Rng;

use super::Decide;
use crate::app::{KeyKind, KeyPair};
use crate::changes::Changes;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Revoke an API key.
#[derive(Clone, Debug)]
pub struct RevokeApiKey {
    /// Its public half, by which it is listed.
    pub public_key: String,
}

/// There is no such API key. An app's own pair is none: that one is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no API key with this id; `qisma apikey list` shows them")]
pub struct NoSuchApiKey;

impl Decide for RevokeApiKey {
    /// The key as it is then. One that was revoked before keeps the moment of that.
    type Answer = KeyPair;
    type Refusal = NoSuchApiKey;

    fn keys(&self, keys: &mut Keys) {
        keys.key_pairs.insert(self.public_key.clone());
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(KeyPair, Changes), NoSuchApiKey> {
        let found = see.key_pairs.get(&self.public_key);
        let mut key =
            found.filter(|pair| pair.kind == KeyKind::ApiKey).ok_or(NoSuchApiKey)?.clone();
        let mut changes = Changes::none();
        if key.expires_at.is_none() {
            key.expires_at = Some(now);
            key.version += 1;
            changes.key_pairs.push(key.clone());
        }
        Ok((key, changes))
    }
}
