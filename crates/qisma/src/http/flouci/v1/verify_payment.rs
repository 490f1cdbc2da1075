//! `GET /api/verify_payment/{payment_id}`: what became of a payment, with the keys in headers of their
//! own (Flouci API, section 6).

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use qisma_domain::ids::AppId;

use crate::gateway::Gateway;
use crate::http::body::Answer;
use crate::http::caller::Credentials;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::flouci::v2::verified::Verified;
use crate::http::flouci::v2::verify_payment::find;
use crate::http::rate_limit::RateLimit;

/// Ask what became of a payment, with the keys in headers.
///
/// The older form of `/api/v2/verify_payment`: here `success` is true only when the payment is paid.
#[utoipa::path(
    get,
    path = "/api/verify_payment/{payment_id}",
    operation_id = "verify_payment_v1",
    tag = "Flouci API v1",
    params(
        ("payment_id" = String, Path, description = "The id that generate_payment gave"),
        ("apppublic" = String, Header, description = "The app's public key"),
        ("appsecret" = String, Header, description = "The app's private key"),
    ),
    responses(
        (status = 200, description = "The payment", body = Verified),
        (status = 401, description = "The credentials are not those of an active app",
            body = ErrorBody),
        (status = 404, description = "No such payment of this merchant in this mode",
            body = ErrorBody),
        (status = 429, description = "Asked too often; Retry-After says when to come back",
            body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy: ask again", body = ErrorBody),
    ),
)]
pub async fn read(
    State(gateway): State<Gateway>,
    State(limit): State<Arc<RateLimit<AppId>>>,
    headers: HeaderMap,
    payment_id: Result<Path<String>, PathRejection>,
) -> Result<Answer<Verified>, ApiError> {
    let credentials =
        Credentials::of_pair(only(&headers, "apppublic"), only(&headers, "appsecret"))?;
    let verified = find(&gateway, limit, credentials, payment_id).await?;
    Ok(Answer(verified.as_v1()))
}

/// A header that was sent once, as text; else empty, which is no key.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let mut values = headers.get_all(name).iter();
    let first = values.next().and_then(|value| value.to_str().ok());
    if values.next().is_some() { "" } else { first.unwrap_or_default() }
}
