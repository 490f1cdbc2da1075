//! Create an app with its first pair of keys. Hashing and sealing are done by the caller, who holds
//! the master key.

use rand_core::Rng;

use super::Decide;
use crate::app::{App, KeyKind, KeyPair, WebhookMode};
use crate::changes::Changes;
use crate::ids::{AppId, MerchantId, Mode};
use crate::merchant::MerchantStatus;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// A pair of keys as it is kept.
#[derive(Clone, Debug)]
pub struct NewKeyPair {
    /// The public key.
    pub public_key: String,
    /// Keyed hash of the private key.
    pub private_key_hash: [u8; 32],
}

/// Create an app.
#[derive(Clone, Debug)]
pub struct CreateApp {
    /// Its id; the webhook secret was sealed under it.
    pub id: AppId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Test or live.
    pub mode: Mode,
    /// How its webhooks are sent.
    pub webhook_mode: WebhookMode,
    /// Its webhook secret, sealed.
    pub webhook_secret_sealed: Vec<u8>,
    /// Its keys.
    pub keys: NewKeyPair,
}

/// Why it was not created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateAppRefusal {
    /// No such merchant.
    #[error("there is no merchant with this id; `qisma merchant create` makes one")]
    NoMerchant,
    /// The merchant is gone.
    #[error("this merchant is closed; it can have no app")]
    MerchantClosed,
}

impl Decide for CreateApp {
    type Answer = ();
    type Refusal = CreateAppRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.merchants.insert(self.merchant);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<((), Changes), CreateAppRefusal> {
        let merchant = see.merchants.get(&self.merchant).ok_or(CreateAppRefusal::NoMerchant)?;
        if merchant.status == MerchantStatus::Closed {
            return Err(CreateAppRefusal::MerchantClosed);
        }
        let mut changes = Changes::none();
        changes.apps.push(App {
            id: self.id,
            merchant: self.merchant,
            mode: self.mode,
            webhook_mode: self.webhook_mode,
            webhook_secret_sealed: self.webhook_secret_sealed.clone(),
            created_at: now,
            version: 1,
        });
        changes.key_pairs.push(KeyPair {
            public_key: self.keys.public_key.clone(),
            app: self.id,
            kind: KeyKind::Pair,
            name: None,
            private_key_hash: self.keys.private_key_hash,
            created_at: now,
            expires_at: None,
            version: 1,
        });
        Ok(((), changes))
    }
}
