//! Apps: their keys are drawn here and shown once.

use qisma_domain::app::WebhookMode;
use qisma_domain::decide::create_app::{CreateApp, NewKeyPair};
use qisma_domain::decide::rotate_keys::RotateKeys;
use qisma_domain::ids::{AppId, MerchantId, Mode};
use qisma_domain::signature::WebhookSecret;
use serde::Serialize;

use super::OperationError;
use crate::gateway::Gateway;
use crate::keyring::{Place, SealError};
use crate::random::Rng;

/// A new app. The private key and the webhook secret are shown this once.
#[derive(Serialize)]
pub struct NewApp {
    /// Its id.
    pub app_id: AppId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Test or live.
    pub mode: Mode,
    /// The public key.
    pub public_key: String,
    /// The private key.
    pub private_key: String,
    /// What its webhooks are signed with, as Standard Webhooks writes it.
    pub webhook_secret: String,
}

/// A pair of UUID keys, drawn from this gateway's chance.
struct DrawnKeys {
    public_key: String,
    private_key: String,
}

fn draw_keys(rng: &mut dyn Rng) -> DrawnKeys {
    let mut uuid = || {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    };
    DrawnKeys { public_key: uuid(), private_key: uuid() }
}

/// Where an app's webhook secret is sealed: another row's secret does not open here.
fn secret_place(app: &AppId) -> Place<'_> {
    Place { table: "apps", column: "webhook_secret", row_id: app.as_bytes() }
}

/// Opens an app's webhook secret.
pub fn open_webhook_secret(
    gateway: &Gateway,
    app: &AppId,
    sealed: &[u8],
) -> Result<WebhookSecret, SealError> {
    let bytes = gateway.keyring.open(secret_place(app), sealed)?;
    Ok(WebhookSecret::from_bytes(bytes.to_vec()).expect("we sealed a secret of 32 bytes"))
}

/// Creates an app with its first keys.
pub async fn create(
    gateway: &Gateway,
    merchant: MerchantId,
    mode: Mode,
    webhook_mode: WebhookMode,
) -> Result<NewApp, OperationError> {
    let now = gateway.now();
    let (id, keys, secret, webhook_secret_sealed) = gateway.with_rng(|rng| {
        let id = AppId::mint(merchant.shard(), now, rng);
        let keys = draw_keys(rng);
        let secret = WebhookSecret::random(rng);
        let sealed = gateway.keyring.seal(secret_place(&id), secret.expose_bytes(), rng);
        (id, keys, secret, sealed)
    });
    let command = CreateApp {
        id,
        merchant,
        mode,
        webhook_mode,
        webhook_secret_sealed,
        keys: hashed(gateway, &keys),
    };
    gateway.store.run(command).await.map_err(OperationError::of_run)?;
    Ok(NewApp {
        app_id: id,
        merchant,
        mode,
        public_key: keys.public_key,
        private_key: keys.private_key,
        webhook_secret: secret.expose(),
    })
}

/// A new pair of keys for an app.
#[derive(Serialize)]
pub struct RotatedKeys {
    /// The app.
    pub app_id: AppId,
    /// The new public key.
    pub public_key: String,
    /// The new private key, shown this once.
    pub private_key: String,
    /// Until when the old pairs work, RFC 3339.
    pub old_keys_end_at: String,
}

/// Gives an app a new pair of keys; the old ones work for the overlap.
pub async fn rotate(
    gateway: &Gateway,
    app: AppId,
    overlap_hours: i64,
) -> Result<RotatedKeys, OperationError> {
    let keys = gateway.with_rng(|rng| draw_keys(rng));
    let command = RotateKeys { app, keys: hashed(gateway, &keys), overlap_hours };
    let ends_at = gateway.store.run(command).await.map_err(OperationError::of_run)?;
    Ok(RotatedKeys {
        app_id: app,
        public_key: keys.public_key,
        private_key: keys.private_key,
        old_keys_end_at: ends_at.rfc3339(),
    })
}

fn hashed(gateway: &Gateway, keys: &DrawnKeys) -> NewKeyPair {
    NewKeyPair {
        public_key: keys.public_key.clone(),
        private_key_hash: gateway.keyring.hash_api_key(&keys.private_key),
    }
}
