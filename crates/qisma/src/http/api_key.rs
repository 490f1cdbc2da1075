//! Who calls with an API key (Flouci API, section 5). Like the extractor for apps, it is a permission:
//! what it leads to is one merchant in one mode, and nobody else's things.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use qisma_domain::app::KeyKind;
use secrecy::SecretString;

use super::caller::{CallingApp, authorization, check, refused_with};
use super::error::{ApiError, ErrorCode};
use crate::gateway::Gateway;
use crate::operations::api_keys;

/// Proof that the caller holds an API key of an active merchant, and the app that it calls for.
#[derive(Clone, Copy, Debug)]
pub struct KeyHolder(pub CallingApp);

impl<S> FromRequestParts<S> for KeyHolder
where
    S: Send + Sync,
    Gateway: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let gateway = Gateway::from_ref(state);
        let sent = authorization(&parts.headers, "api-key").and_then(api_keys::split);
        let (id, proof) = sent.ok_or_else(|| refused("no API key that could be read"))?;
        let proof = SecretString::from(proof);
        let now = gateway.now();
        let mut found = gateway.known_keys.recent(&gateway.store, &id, now);
        if found.is_none() {
            let asker = gateway.clone();
            let read = gateway.store.read(move |reader| {
                asker.known_keys.find((&asker.store, reader), &id, asker.now())
            });
            found = read.await?;
        }
        let caller = check(&gateway, found.as_deref(), (KeyKind::ApiKey, &proof), now);
        caller.map(Self).map_err(refused)
    }
}

fn refused(reason: &'static str) -> ApiError {
    refused_with(ErrorCode::ApiKeyInvalid, reason)
}
