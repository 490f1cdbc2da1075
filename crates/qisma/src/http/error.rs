//! What a request that is not granted is told: one body that every Flouci client can show (Flouci
//! API, section 9). Causes go to the log; the caller gets a sentence that says what to do.

use std::fmt::Write;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use qisma_store::{ReadError, RunError};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Answer;
pub use super::of_refund::OfRefund;

/// When a busy gateway may be asked again.
const BUSY_RETRY_AFTER_SECS: u64 = 1;
/// When a full disk or an unknown outcome may have been put right.
const TROUBLE_RETRY_AFTER_SECS: u64 = 5;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $message:literal;)*) => {
        /// Why a request is not granted. `docs/errors.md` explains each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as callers read it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),* }
            }

            /// The number that Flouci's clients know it by.
            pub const fn number(self) -> u16 {
                match self {
                    Self::TerminalIdNotAllowed => 1004,
                    _ => 1,
                }
            }

            /// The sentence that says what to do.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message),* }
            }
        }
    };
}

error_codes! {
    /// Fields of the request are wrong; each is listed.
    RequestInvalid = "request_invalid", BAD_REQUEST, "The request has mistakes.";
    /// Another content type than JSON.
    ContentTypeUnsupported = "content_type_unsupported", BAD_REQUEST,
        "Send the body as JSON, with the header Content-Type: application/json.";
    /// A compressed body.
    ContentEncodingUnsupported = "content_encoding_unsupported", BAD_REQUEST,
        "Send the body uncompressed, without a Content-Encoding header.";
    /// More bytes than a body may have.
    BodyTooLarge = "body_too_large", BAD_REQUEST,
        "The body is too long; send only the documented fields.";
    /// The body did not arrive whole, or not in time.
    BodyIncomplete = "body_incomplete", BAD_REQUEST,
        "The body did not arrive in full; send the request again.";
    /// Not JSON, or not UTF-8.
    JsonMalformed = "json_malformed", BAD_REQUEST,
        "The body is not valid JSON in UTF-8; send one JSON object and nothing around it.";
    /// JSON, but no object.
    JsonNotAnObject = "json_not_an_object", BAD_REQUEST,
        "The body must be one JSON object, such as {\"amount\": 12500}.";
    /// A member that stands twice in one object.
    JsonDuplicateMember = "json_duplicate_member", BAD_REQUEST,
        "An object in the body has the same member twice; send each member once.";
    /// Arrays and objects nested too deep.
    JsonTooDeep = "json_too_deep", BAD_REQUEST,
        "The body is nested too deep; send only the documented fields.";
    /// A NUL character in a text.
    JsonNulCharacter = "json_nul_character", BAD_REQUEST,
        "A text in the body contains the NUL character; remove it.";
    /// A terminal was named where payments of the web are asked for.
    TerminalIdNotAllowed = "terminal_id_not_allowed", BAD_REQUEST,
        "terminal_id goes with type=pos only; leave it out, or ask for type=pos.";
    /// An idempotency key that cannot be one, or two of them.
    IdempotencyKeyInvalid = "idempotency_key_invalid", BAD_REQUEST,
        "Idempotency-Key is sent once and has 1 to 255 visible ASCII characters; send a fresh UUID \
         for each payment.";
    /// No credentials, or wrong ones, or those of a merchant that is not active.
    CredentialsInvalid = "credentials_invalid", UNAUTHORIZED,
        "Send the header Authorization: Bearer PUBLIC_KEY:PRIVATE_KEY with the keys of an active \
         app (v1: app_token and app_secret in the body, or the headers apppublic and appsecret).";
    /// No such payment, or somebody else's.
    PaymentNotFound = "payment_not_found", NOT_FOUND, "Payment not found";
    /// No such path.
    RouteNotFound = "route_not_found", NOT_FOUND,
        "There is nothing at this path; compare it with the documentation, without a slash at the \
         end.";
    /// A method that the path does not have.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED,
        "This path takes another method; the Allow header names it.";
    /// It is not paid, or not so much of it is left.
    RefundNotAllowed = "refund_not_allowed", CONFLICT, "Payment cannot be refunded";
    /// Merchants do not have their parts of it.
    RefundShort = "refund_short", CONFLICT,
        "Merchants do not have their parts of the refund, and nothing was changed; refund less, or \
         say with reversals who gives it.";
    /// The acquirer does not give the money back.
    RefundRefused = "refund_refused", CONFLICT,
        "The acquirer refuses to give the money back, and every share is as before; ask the \
         gateway's operator.";
    /// Nothing is held for it: it was not approved, or has ended.
    PaymentNotAuthorized = "payment_not_authorized", CONFLICT,
        "Nothing is held for this payment, so it cannot be confirmed; verify it to see how it stands.";
    /// It was confirmed before, or paid at once.
    PaymentAlreadyCaptured = "payment_already_captured", CONFLICT,
        "The payment's money was taken before; verify it, and refund it to give money back.";
    /// It has ended without money.
    PaymentAlreadyEnded = "payment_already_ended", CONFLICT,
        "The payment has ended before; verify it to see how.";
    /// The acquirer is asked to take what it holds.
    CaptureUnderWay = "capture_under_way", CONFLICT,
        "The payment is being confirmed; verify it in a moment to see what came of it.";
    /// The acquirer does not take what it holds.
    CaptureRefused = "capture_refused", CONFLICT,
        "The acquirer refuses to take the money, and nothing was taken; confirm the payment again, or \
         cancel it.";
    /// Somebody is paying what is to be canceled.
    PaymentBeingPaid = "payment_being_paid", CONFLICT,
        "Somebody is paying this payment; verify it in a moment, and cancel it then.";
    /// The same key came with another request before.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY,
        "This Idempotency-Key was used for a different request; send a fresh key for a new payment.";
    /// Too many requests of one app, or too many wrong ones of one address.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS,
        "Too many requests; wait for the time in Retry-After. What becomes of a payment, its webhook \
         tells you.";
    /// A bug of ours.
    Internal = "internal", INTERNAL_SERVER_ERROR,
        "An internal error; nothing was changed. Send the same request again, with the same \
         Idempotency-Key.";
    /// More waits than can be done soon.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE,
        "The gateway is busy and nothing was changed; send the same request again, with the same \
         Idempotency-Key.";
    /// The disk is full.
    StorageFull = "storage_full", SERVICE_UNAVAILABLE,
        "The gateway's disk is full and nothing was changed; send the same request again later, \
         with the same Idempotency-Key.";
    /// The database could not be read.
    StorageUnavailable = "storage_unavailable", SERVICE_UNAVAILABLE,
        "The gateway cannot read its data at the moment and nothing was changed; send the same \
         request again, with the same Idempotency-Key.";
    /// Whether the change was made is not known.
    OutcomeUnknown = "outcome_unknown", SERVICE_UNAVAILABLE,
        "It is not known whether the change was made; ask again with the same Idempotency-Key and \
         you will get its answer.";
}

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
            ErrorCode::StorageFull | ErrorCode::OutcomeUnknown => Some(TROUBLE_RETRY_AFTER_SECS),
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
        if self.code == ErrorCode::CredentialsInvalid {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"qisma\""));
        }
        response
    }
}
