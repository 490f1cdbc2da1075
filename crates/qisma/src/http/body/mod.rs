//! JSON bodies, read with a limit on everything; whatever is wrong is a 400 that quotes nothing.
//! axum's own JSON is left out of the build, so that no handler takes two spellings of one member.

mod json;

use axum::body::Body;
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Serialize;
use zeroize::Zeroizing;

pub use self::json::{Json, Members};
use super::error::{ApiError, ErrorCode};
use crate::clock::Clock;
use crate::gateway::Gateway;

/// How long a body may take to arrive.
const BODY_READ_SECS_MAX: i64 = 10;

/// A request's body: one JSON object.
#[derive(Debug)]
pub struct JsonObject(pub Members);

impl<S> FromRequest<S> for JsonObject
where
    S: Send + Sync,
    Gateway: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let gateway = Gateway::from_ref(state);
        check_headers(request.headers())?;
        let bytes_max = gateway.config.http.body_bytes_max;
        // A body may hold a card's security code, which must not outlive its request.
        let bytes = read_body(&*gateway.clock, request.into_body(), bytes_max).await?;
        let bytes = Zeroizing::new(bytes);
        Ok(Self(json::parse_object(&bytes)?))
    }
}

fn check_headers(headers: &HeaderMap) -> Result<(), ErrorCode> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let media_type = types.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") || types.next().is_some() {
        return Err(ErrorCode::ContentTypeUnsupported);
    }
    // A compressed body could be far larger than it looks.
    let is_plain = |value: &HeaderValue| {
        value.to_str().is_ok_and(|value| value.trim().eq_ignore_ascii_case("identity"))
    };
    if !headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return Err(ErrorCode::ContentEncodingUnsupported);
    }
    Ok(())
}

/// Reads a body of at most so many bytes, in the time that a body may take.
pub(super) async fn read_body(
    clock: &dyn Clock,
    body: Body,
    bytes_max: usize,
) -> Result<Vec<u8>, ErrorCode> {
    let over_at = clock.now().plus_secs(BODY_READ_SECS_MAX);
    tokio::select! {
        // First: most bodies are there already, and then nobody waits for the clock.
        biased;
        read = read_to_end(body, bytes_max) => read,
        () = clock.sleep_until(over_at) => Err(ErrorCode::BodyIncomplete),
    }
}

async fn read_to_end(body: Body, bytes_max: usize) -> Result<Vec<u8>, ErrorCode> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| ErrorCode::BodyIncomplete)?;
        if bytes_max - bytes.len() < chunk.len() {
            return Err(ErrorCode::BodyTooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A JSON answer.
pub struct Answer<T>(pub T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.0).expect("answers are made of texts and numbers");
        ([(CONTENT_TYPE, "application/json")], body).into_response()
    }
}
