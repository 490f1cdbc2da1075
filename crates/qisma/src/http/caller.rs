//! Who calls. An extractor here is a permission: without it a handler has no merchant to act for.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use qisma_domain::app::KeyKind;
use qisma_domain::ids::{AppId, MerchantId, Mode};
use qisma_domain::time::Timestamp;
use qisma_store::{AuthRow, ReadError, Reader};
use secrecy::{ExposeSecret, SecretString};

use super::error::{ApiError, ErrorCode};
use crate::gateway::Gateway;

/// Longer than any pair of keys: two UUIDs and what stands around them have 80 characters.
const HEADER_CHARS_MAX: usize = 256;

/// Stands in for the hash of a pair that does not exist, so that both halves are checked whatever is
/// wrong. (Whether a public key was used in the last second can be told by the time all the same; it
/// is a UUID that nobody guesses, and no secret.) No private key has this hash.
const NOBODYS_HASH: [u8; 32] = [0; 32];

/// Proof that the caller holds the keys of an app of an active merchant.
#[derive(Clone, Copy, Debug)]
pub struct CallingApp {
    /// The app.
    pub app: AppId,
    /// Its merchant.
    pub merchant: MerchantId,
    /// Whether it asks about test money or live money.
    pub mode: Mode,
}

impl<S> FromRequestParts<S> for CallingApp
where
    S: Send + Sync,
    Gateway: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let gateway = Gateway::from_ref(state);
        let credentials = Credentials::from_request_parts(parts, state).await?;
        credentials.calling_app(&gateway).await
    }
}

/// A pair of keys as it was sent, still to be checked: for a handler that does so in the same read in
/// which it finds what is asked for, because each read costs the waking of a thread.
pub struct Credentials {
    public: String,
    private: SecretString,
}

impl<S: Send + Sync> FromRequestParts<S> for Credentials {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let keys = Keys::of_headers(&parts.headers);
        let keys = keys.ok_or_else(|| refused("no credentials that could be read"))?;
        Ok(Self { public: keys.public.to_owned(), private: keys.private.into() })
    }
}

impl Credentials {
    /// A pair that was sent elsewhere than v2 wants it, if it can be one.
    pub fn of_pair(public: &str, private: &str) -> Result<Self, ApiError> {
        let is_whole = !public.is_empty() && !private.is_empty();
        if !is_whole || HEADER_CHARS_MAX < public.len().saturating_add(private.len()) {
            return Err(refused("no credentials that could be read"));
        }
        Ok(Self { public: public.to_owned(), private: private.into() })
    }

    /// The app whose they are.
    pub async fn calling_app(self, gateway: &Gateway) -> Result<CallingApp, ApiError> {
        if let Some(known) = self.known_caller(gateway) {
            return known.map_err(refused);
        }
        let asker = gateway.clone();
        let read = gateway.store.read(move |reader| self.caller(&asker, reader)).await?;
        read.map_err(refused)
    }

    /// Who holds them, or why they are refused, for [`refused`].
    pub fn caller(
        &self,
        gateway: &Gateway,
        reader: &Reader<'_>,
    ) -> Result<Result<CallingApp, &'static str>, ReadError> {
        let now = gateway.now();
        let found = gateway.known_keys.find((&gateway.store, reader), &self.public, now)?;
        Ok(check(gateway, found.as_deref(), (KeyKind::Pair, &self.private), now))
    }

    /// The same without a read, if the public key is one that came a moment ago.
    fn known_caller(&self, gateway: &Gateway) -> Option<Result<CallingApp, &'static str>> {
        let now = gateway.now();
        let row = gateway.known_keys.recent(&gateway.store, &self.public, now)?;
        Some(check(gateway, Some(&row), (KeyKind::Pair, &self.private), now))
    }
}

/// A pair of keys as it was sent. It has no `Debug`: nothing here may be printed.
struct Keys<'a> {
    public: &'a str,
    private: &'a str,
}

impl<'a> Keys<'a> {
    /// Reads `Authorization: Bearer PUBLIC:PRIVATE`. Keys anywhere else, such as in the URL, where
    /// every proxy logs them, are not looked at.
    fn of_headers(headers: &'a HeaderMap) -> Option<Self> {
        let (public, private) = authorization(headers, "bearer")?.split_once(':')?;
        let is_whole = !public.is_empty() && !private.is_empty();
        is_whole.then_some(Self { public, private })
    }
}

/// What the one `Authorization` header says after this scheme.
pub(super) fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() || HEADER_CHARS_MAX < value.len() {
        return None;
    }
    let (found, credentials) = value.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
}

/// Checks a private key against what its public key led to. The reason of a refusal is for the log
/// alone; the caller is told the same whatever it is.
pub(super) fn check(
    gateway: &Gateway,
    found: Option<&AuthRow>,
    (kind, private_key): (KeyKind, &SecretString),
    now: Timestamp,
) -> Result<CallingApp, &'static str> {
    // A key of the other kind opens another door: here it is nobody's.
    let found = found.filter(|row| row.pair.kind == kind);
    let stored_hash = found.map_or(NOBODYS_HASH, |row| row.pair.private_key_hash);
    let is_right = gateway.keyring.verify_api_key(&stored_hash, private_key.expose_secret());
    let row = found.ok_or("unknown public key")?;
    if !is_right {
        return Err("wrong private key");
    }
    if row.pair.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err("the keys were rotated and their overlap is over, or the key was revoked");
    }
    if !row.merchant.can_receive() {
        return Err("the merchant is not active");
    }
    Ok(CallingApp { app: row.app.id, merchant: row.merchant.id, mode: row.app.mode })
}

/// The answer to credentials that are refused; the reason goes to the log.
pub fn refused(reason: &'static str) -> ApiError {
    refused_with(ErrorCode::CredentialsInvalid, reason)
}

/// The same, in the words for credentials of another kind.
pub(super) fn refused_with(code: ErrorCode, reason: &'static str) -> ApiError {
    metrics::counter!("qisma_http_credentials_refused_total").increment(1);
    tracing::info!(reason, "credentials were refused");
    ApiError::new(code)
}
