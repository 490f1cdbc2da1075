//! Create an API key: another door to an app's merchant, for the calls that take `Api-Key` (Flouci
//! API, section 5). Hashing is done by the caller, who holds the master key.

use rand_core::Rng;

use super::Decide;
use super::create_app::NewKeyPair;
use crate::app::{KeyKind, KeyPair};
use crate::changes::Changes;
use crate::ids::AppId;
use crate::limits::NAME_CHARS_MAX;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Create an API key.
#[derive(Clone, Debug)]
pub struct CreateApiKey {
    /// The app in whose name it calls: its merchant, its mode.
    pub app: AppId,
    /// Its two halves.
    pub keys: NewKeyPair,
    /// What its owner calls it.
    pub name: Option<String>,
}

/// Why it was not created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateApiKeyRefusal {
    /// No such app.
    #[error("there is no app with this id; `qisma app list` shows them")]
    NoApp,
    /// A name that cannot be shown.
    #[error("a name is 1 to {NAME_CHARS_MAX} characters, none of them a control character")]
    BadName,
}

impl Decide for CreateApiKey {
    type Answer = KeyPair;
    type Refusal = CreateApiKeyRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.apps.insert(self.app);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(KeyPair, Changes), CreateApiKeyRefusal> {
        see.apps.get(&self.app).ok_or(CreateApiKeyRefusal::NoApp)?;
        if self.name.as_deref().is_some_and(is_bad) {
            return Err(CreateApiKeyRefusal::BadName);
        }
        let made = KeyPair {
            public_key: self.keys.public_key.clone(),
            app: self.app,
            kind: KeyKind::ApiKey,
            name: self.name.clone(),
            private_key_hash: self.keys.private_key_hash,
            created_at: now,
            expires_at: None,
            version: 1,
        };
        let mut changes = Changes::none();
        changes.key_pairs.push(made.clone());
        Ok((made, changes))
    }
}

fn is_bad(name: &str) -> bool {
    name.trim().is_empty()
        || NAME_CHARS_MAX < name.chars().count()
        || name.chars().any(char::is_control)
}
