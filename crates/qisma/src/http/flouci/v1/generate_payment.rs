//! `POST /api/generate_payment`: a payment is asked for, with the keys in the body (Flouci API,
//! section 6).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::gateway::Gateway;
use crate::http::body::{Json, JsonObject, Members};
use crate::http::caller::Credentials;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::flouci::v2::generate_payment::{GeneratePaymentAnswer, Wire, generate};
use crate::http::flouci::v2::schema::GeneratePaymentV1Request;
use crate::http::middleware::RequestId;

/// Ask for a payment, with the keys in the body.
///
/// The older form of `/api/v2/generate_payment`: the same fields with the same rules, `app_token` and
/// `app_secret` instead of the header.
#[utoipa::path(
    post,
    path = "/api/generate_payment",
    operation_id = "generate_payment_v1",
    tag = "Flouci API v1",
    params(
        ("Idempotency-Key" = Option<String>, Header,
            pattern = "^[!-~]{1,255}$", description = "A fresh UUID for each payment"),
    ),
    request_body = GeneratePaymentV1Request,
    responses(
        (status = 200, description = "The payment was made, or had been under this key",
            body = GeneratePaymentAnswer),
        (status = 400, description = "The request has mistakes", body = ErrorBody),
        (status = 401, description = "The credentials are not those of an active app",
            body = ErrorBody),
        (status = 429, description = "Credentials of this address were refused too often",
            body = ErrorBody),
        (status = 422, description = "The key was used for another request", body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy, or the outcome is unknown: ask again with the same key",
            body = ErrorBody),
    ),
)]
pub async fn create(
    State(gateway): State<Gateway>,
    request_id: RequestId,
    headers: HeaderMap,
    JsonObject(members): JsonObject,
) -> Result<Response, ApiError> {
    let text = |name| text_of(&members, name).unwrap_or_default();
    let credentials = Credentials::of_pair(text("app_token"), text("app_secret"))?;
    let caller = credentials.calling_app(&gateway).await?;
    let wire = Wire { route: "/api/generate_payment", version: "v1" };
    generate(wire, &gateway, &caller, (&request_id, &headers, &members)).await
}

fn text_of<'m>(members: &'m Members, name: &str) -> Option<&'m str> {
    match members.get(name)? {
        Json::Text(text) => Some(text),
        _ => None,
    }
}
