//! API keys: the second way in (Flouci API, section 5). One is a pair of keys written as one, so that
//! it is found by its first half and proved by its second; it is drawn here and shown once.

use qisma_domain::decide::create_api_key::CreateApiKey;
use qisma_domain::decide::create_app::NewKeyPair;
use qisma_domain::decide::revoke_api_key::RevokeApiKey;
use qisma_domain::ids::{AppId, MerchantId, Mode};
use serde::Serialize;

use super::OperationError;
use crate::gateway::Gateway;
use crate::random::Rng;

/// Hexadecimal digits of each half: a UUID without its hyphens.
const HALF_DIGITS: usize = 32;

/// A new API key. The key is shown this once.
#[derive(Serialize)]
pub struct NewApiKey {
    /// What it is listed and revoked by.
    pub id: String,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Test or live.
    pub mode: Mode,
    /// The app in whose name it calls.
    pub app_id: AppId,
    /// What its owner calls it.
    pub name: Option<String>,
    /// The key.
    pub api_key: String,
}

/// Creates an API key of a merchant; it calls in the name of the merchant's oldest app of that mode.
pub async fn create(
    gateway: &Gateway,
    merchant: MerchantId,
    mode: Mode,
    name: Option<String>,
) -> Result<NewApiKey, OperationError> {
    let found = gateway.store.read(move |reader| reader.first_app(merchant, mode)).await?;
    let Some(app) = found else {
        return Err(OperationError::new(format!(
            "this merchant has no {mode} app to call for; `qisma app create --merchant {merchant} \
             --mode {mode}` makes one",
            mode = mode.as_str()
        )));
    };
    let (id, proof) = gateway.with_rng(|rng| (draw(rng), draw(rng)));
    let proof = proof.simple().to_string();
    let keys = NewKeyPair {
        public_key: id.to_string(),
        private_key_hash: gateway.keyring.hash_api_key(&proof),
    };
    let command = CreateApiKey { app: app.id, keys, name };
    let created = gateway.store.run(command).await.map_err(OperationError::of_run)?;
    Ok(NewApiKey {
        id: created.public_key,
        merchant,
        mode,
        app_id: app.id,
        name: created.name,
        api_key: format!("{}{proof}", id.simple()),
    })
}

/// Ends an API key at once.
pub async fn revoke(
    gateway: &Gateway,
    id: &str,
) -> Result<qisma_domain::app::KeyPair, OperationError> {
    // Whoever passes the key itself by mistake means the key that it is; only its half is looked up.
    let public_key = split(id).map_or_else(|| id.to_owned(), |(public_key, _)| public_key);
    gateway.store.run(RevokeApiKey { public_key }).await.map_err(OperationError::of_run)
}

/// The two halves of an API key: what finds it, as it is stored, and what proves it. `None` for a text
/// that no key of ours is.
pub fn split(key: &str) -> Option<(String, &str)> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if key.len() != 2 * HALF_DIGITS || !key.bytes().all(is_digit) {
        return None;
    }
    let (id, proof) = key.split_at(HALF_DIGITS);
    let id = uuid::Uuid::try_parse(id).ok()?;
    Some((id.to_string(), proof))
}

fn draw(rng: &mut dyn Rng) -> uuid::Uuid {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
