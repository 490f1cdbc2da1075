//! Idempotency keys on the wire: the same request twice has one effect and one answer.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use qisma_domain::decide::create_payment::IdempotentRequest;
use qisma_domain::idempotency::{IdempotencyKey, IdempotencyScope};
use qisma_domain::ids::PaymentId;

use super::caller::CallingApp;
use super::error::ErrorCode;
use super::middleware::RequestId;
use crate::keyring::Keyring;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const ORIGINAL_REQUEST_ID: HeaderName = HeaderName::from_static("original-request-id");

/// Reads the key, if one was sent. Two headers are refused: a proxy in between might keep either.
pub fn key_of(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ErrorCode> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(ErrorCode::IdempotencyKeyInvalid);
    }
    let text = value.to_str().map_err(|_| ErrorCode::IdempotencyKeyInvalid)?;
    IdempotencyKey::parse(text).map(Some).map_err(|_| ErrorCode::IdempotencyKeyInvalid)
}

/// Where a caller's key counts: for what is done with a payment, that payment's.
pub const fn scope(
    caller: &CallingApp,
    about: Option<PaymentId>,
    key: IdempotencyKey,
) -> IdempotencyScope {
    IdempotencyScope { merchant: caller.merchant, mode: caller.mode, about, key }
}

/// What a keyed request is remembered by.
///
/// `understood` is the request as it was understood, so that `"1000"` and `1000`, spaces and the
/// order of members make no difference. The hash is keyed: a stored one gives nothing away.
pub fn request(
    keyring: &Keyring,
    scope: IdempotencyScope,
    (method, route, understood): (&str, &str, &str),
    id: &RequestId,
) -> IdempotentRequest {
    let parts = [method.as_bytes(), route.as_bytes(), understood.as_bytes()];
    IdempotentRequest {
        scope,
        fingerprint: keyring.fingerprint(&parts),
        request_id: id.as_str().to_owned(),
        route: route.to_owned(),
    }
}

/// Marks an answer that was given before.
pub fn mark_replay(response: &mut Response, original_request_id: &str) {
    let headers = response.headers_mut();
    headers.insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    if let Ok(id) = HeaderValue::from_str(original_request_id) {
        headers.insert(ORIGINAL_REQUEST_ID, id);
    }
}
