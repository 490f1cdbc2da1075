//! What a request that is not granted is told: one body that every Flouci client can show (Flouci
//! API, section 9). Causes go to the log; the caller gets a sentence that says what to do.

mod code;

use std::fmt::Write;

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::HeaderValue;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use qisma_store::{ReadError, RunError};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::code::ErrorCode;
use super::body::{Answer, JsonObject};
use crate::gateway::Gateway;

/// When a busy gateway may be asked again.
const BUSY_RETRY_AFTER_SECS: u64 = 1;
/// When a full disk or an unknown outcome may have been put right.
const TROUBLE_RETRY_AFTER_SECS: u64 = 5;

/// A mistake in one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mistake {
    /// The field, such as `destination[1].amount`.
    pub field: String,
    /// What is wrong and what to do. It never quotes what was sent.
    pub message: String,
}

impl Mistake {
    /// A mistake in this field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// A request that is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    code: ErrorCode,
    mistakes: Vec<Mistake>,
    retry_after_secs: Option<u64>,
    /// Refunds have a body of their own.
    is_of_refund: bool,
}

impl ApiError {
    /// The error of this code.
    pub const fn new(code: ErrorCode) -> Self {
        let retry_after_secs = match code {
            ErrorCode::Overloaded | ErrorCode::StorageUnavailable => Some(BUSY_RETRY_AFTER_SECS),
            ErrorCode::StorageFull | ErrorCode::OutcomeUnknown | ErrorCode::TerminalUnavailable => {
                Some(TROUBLE_RETRY_AFTER_SECS)
            }
            _ => None,
        };
        Self { code, mistakes: Vec::new(), retry_after_secs, is_of_refund: false }
    }

    /// A request with mistakes, all of them.
    pub fn of_mistakes(mistakes: Vec<Mistake>) -> Self {
        Self::with_mistakes(ErrorCode::RequestInvalid, mistakes)
    }

    /// The error of this code, with what stands in the way field by field.
    pub fn with_mistakes(code: ErrorCode, mistakes: Vec<Mistake>) -> Self {
        Self { mistakes, ..Self::new(code) }
    }

    /// The same as refunds tell it (Flouci API, section 9).
    #[must_use]
    pub fn of_refund(self) -> Self {
        Self { is_of_refund: true, ..self }
    }

    /// A caller that asks too often.
    pub fn rate_limited(retry_after_secs: u64) -> Self {
        let retry_after_secs = Some(retry_after_secs);
        Self { retry_after_secs, ..Self::new(ErrorCode::RateLimited) }
    }

    /// Why it is not granted.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The error of a command; its refusals have errors of their own.
    pub fn of_run<R>(error: RunError<R>, of_refusal: impl FnOnce(R) -> Self) -> Self {
        Self::new(match error {
            RunError::Refused(refusal) => return of_refusal(refusal),
            RunError::Overloaded => ErrorCode::Overloaded,
            RunError::StorageFull => ErrorCode::StorageFull,
            RunError::Unavailable | RunError::Superseded => ErrorCode::StorageUnavailable,
            RunError::Internal => ErrorCode::Internal,
            RunError::Unknown => ErrorCode::OutcomeUnknown,
        })
    }

    fn message(&self) -> String {
        let mut message = self.code.message().to_owned();
        for Mistake { field, message: mistake } in &self.mistakes {
            // Writing to a String cannot fail.
            let _ = write!(message, " {field}: {mistake}.");
        }
        message
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "a read failed");
        Self::new(ErrorCode::StorageUnavailable)
    }
}

/// The body of every error (Flouci API, section 9).
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// Always false.
    #[schema(example = false)]
    success: bool,
    /// The error once more, where some clients look for it.
    result: ErrorResult,
    /// What is wrong and what to do.
    #[schema(example = "Payment not found")]
    message: String,
    /// The HTTP status.
    #[schema(example = 404)]
    status_code: u16,
    /// Always `developers`.
    #[schema(example = "developers")]
    name: &'static str,
    /// 1; 1004 for a terminal where none can be (Flouci API, section 4).
    #[schema(example = 1)]
    code: u16,
    /// Always `v2`.
    #[schema(example = "v2")]
    version: &'static str,
}

/// The inner part of [`ErrorBody`].
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorResult {
    /// Always false.
    #[schema(example = false)]
    success: bool,
    /// The HTTP status, a number: never one of the words that a payment's status has.
    #[schema(example = 404)]
    status: u16,
    /// What is wrong and what to do.
    #[schema(example = "Payment not found")]
    message: String,
    /// The code of the error, for programs.
    #[schema(example = "payment_not_found")]
    error: &'static str,
    /// Each mistake of a request, in the order of the documented fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Mistake>,
}

/// The body of every error of a refund (Flouci API, section 9): `status` is a word and `code` a text.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundErrorBody {
    /// Always `error`.
    #[schema(example = "error")]
    status: &'static str,
    /// Always false.
    #[schema(example = false)]
    success: bool,
    /// The error once more, where some clients look for it.
    result: ErrorResult,
    /// What is wrong and what to do.
    #[schema(example = "Payment cannot be refunded")]
    message: String,
    /// The HTTP status.
    #[schema(example = 409)]
    status_code: u16,
    /// Always `developers`.
    #[schema(example = "developers")]
    name: &'static str,
    /// The code of the error in capitals.
    #[schema(example = "REFUND_NOT_ALLOWED")]
    code: String,
    /// Always `v2`.
    #[schema(example = "v2")]
    version: &'static str,
}

impl RefundErrorBody {
    fn of(body: ErrorBody) -> Self {
        let ErrorBody { success, result, message, status_code, name, code: _, version } = body;
        let code = result.error.to_ascii_uppercase();
        Self { status: "error", success, result, message, status_code, name, code, version }
    }
}

/// What a refund's handler takes, so that also its errors are told as refunds tell them.
pub struct OfRefund<T>(pub T);

impl<S, T> FromRequestParts<S> for OfRefund<T>
where
    S: Send + Sync,
    T: FromRequestParts<S, Rejection = ApiError>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        T::from_request_parts(parts, state).await.map(Self).map_err(ApiError::of_refund)
    }
}

impl<S> FromRequest<S> for OfRefund<JsonObject>
where
    S: Send + Sync,
    Gateway: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        JsonObject::from_request(request, state).await.map(Self).map_err(ApiError::of_refund)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, message) = (self.code.status(), self.message());
        let body = ErrorBody {
            success: false,
            result: ErrorResult {
                success: false,
                status: status.as_u16(),
                message: message.clone(),
                error: self.code.as_str(),
                errors: self.mistakes,
            },
            message,
            status_code: status.as_u16(),
            name: "developers",
            code: self.code.number(),
            version: "v2",
        };
        let mut response = if self.is_of_refund {
            (status, Answer(RefundErrorBody::of(body))).into_response()
        } else {
            (status, Answer(body)).into_response()
        };
        let headers = response.headers_mut();
        if let Some(secs) = self.retry_after_secs {
            headers.insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        let asks_for = match self.code {
            ErrorCode::CredentialsInvalid => Some("Bearer realm=\"qisma\""),
            ErrorCode::ApiKeyInvalid => Some("Api-Key realm=\"qisma\""),
            _ => None,
        };
        if let Some(scheme) = asks_for {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
        response
    }
}
