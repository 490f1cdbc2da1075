//! `POST /api/v2/cancel_payment`: what is held for a payment is let go (Flouci API, section 4). One that
//! nobody has paid yet can be canceled, too.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use qisma_domain::decide::release_payment::{
    ReleaseAnswer, ReleasePayment, ReleaseRefusal, ReleaseWhy,
};
use qisma_domain::idempotency::IdempotencyRow;
use qisma_domain::ids::PaymentId;
use qisma_domain::payment::PaymentState;
use qisma_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::Fields;
use crate::gateway::Gateway;
use crate::http::body::{Answer, JsonObject};
use crate::http::caller::{CallingApp, asked_about};
use crate::http::error::{ApiError, ErrorBody, ErrorCode};
use crate::http::idempotency;
use crate::http::middleware::RequestId;
use crate::payer::held::let_go;

/// Where it is, and for which path an idempotency key counts.
pub const ROUTE: &str = "/api/v2/cancel_payment";

/// Let go what is held for a payment.
///
/// Once, and not after it was confirmed. The payer's bank, or wallet, is told in the same moment. A payment
/// that nobody has paid, and nobody is paying, is called off.
#[utoipa::path(
    post,
    path = "/api/v2/cancel_payment",
    operation_id = "cancel_payment",
    tag = "Flouci API",
    params(
        ("Idempotency-Key" = Option<String>, Header,
            description = "1 to 255 visible ASCII characters; a fresh UUID for each cancellation"),
    ),
    request_body = super::schema::CancelPaymentRequest,
    responses(
        (status = 200, description = "The payment is canceled", body = CancelPaymentAnswer),
        (status = 400, description = "The request has mistakes", body = ErrorBody),
        (status = 401, description = "The credentials are not those of an active app",
            body = ErrorBody),
        (status = 404, description = "No such payment of this merchant in this mode",
            body = ErrorBody),
        (status = 409, description = "It was captured, has ended, or is being paid or confirmed",
            body = ErrorBody),
        (status = 422, description = "The key was used for another request", body = ErrorBody),
        (status = 429, description = "Credentials of this address were refused too often",
            body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy, or the outcome is unknown: ask again with the same key",
            body = ErrorBody),
    ),
    security(("app_keys" = [])),
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: CallingApp,
    request_id: RequestId,
    headers: HeaderMap,
    JsonObject(members): JsonObject,
) -> Result<Response, ApiError> {
    let mut fields = Fields::new(&members);
    let id = fields.required_text("payment_id", "the id that generate_payment gave");
    let mistakes = fields.into_mistakes();
    if !mistakes.is_empty() {
        return Err(ApiError::of_mistakes(mistakes));
    }
    let key = idempotency::key_of(&headers)?;
    let payment = id.map(|text| asked_about(&text)).ok_or(ErrorCode::PaymentNotFound)?;
    let idempotent = key.map(|key| {
        let understood = serde_json::json!([payment]).to_string();
        let request = ("POST", ROUTE, understood.as_str());
        let scope = idempotency::scope(&caller, Some(payment), key);
        Box::new(idempotency::request(&gateway.keyring, scope, request, &request_id))
    });
    let CallingApp { merchant, mode, .. } = caller;
    let why = ReleaseWhy::Canceled { merchant, mode, idempotent };
    let answer = gateway.store.run(ReleasePayment { payment, why }).await;
    let ReleaseAnswer { at, replay_of } =
        answer.map_err(|error| ApiError::of_run(error, refused))?;
    if replay_of.is_none() {
        let_go(&gateway, payment).await;
    }
    Ok(respond(payment, at, replay_of.as_deref()))
}

/// The answer of a request that was granted before.
pub async fn answer_again(gateway: &Gateway, row: &IdempotencyRow) -> Result<Response, ApiError> {
    let payment = row.payment;
    let seen = gateway.store.read(move |reader| reader.payment_by_link(&payment)).await?;
    let PaymentState::Canceled { at, .. } = seen.ok_or(ErrorCode::Internal)?.payment.state else {
        return Err(ErrorCode::Internal.into());
    };
    Ok(respond(payment, at, Some(&row.request_id)))
}

fn respond(payment: PaymentId, at: Timestamp, replay_of: Option<&str>) -> Response {
    let result = CanceledPayment {
        payment_id: payment.to_string(),
        status: "cancelled",
        cancelled_at: at.rfc3339(),
    };
    let mut response = Answer(CancelPaymentAnswer { result, status: "success" }).into_response();
    if let Some(original) = replay_of {
        idempotency::mark_replay(&mut response, original);
    }
    response
}

fn refused(refusal: ReleaseRefusal) -> ApiError {
    let code = match refusal {
        ReleaseRefusal::NotFound => ErrorCode::PaymentNotFound,
        ReleaseRefusal::KeyReused => ErrorCode::IdempotencyKeyReused,
        ReleaseRefusal::Captured => ErrorCode::PaymentAlreadyCaptured,
        ReleaseRefusal::Ended => ErrorCode::PaymentAlreadyEnded,
        ReleaseRefusal::CaptureUnderWay => ErrorCode::CaptureUnderWay,
        ReleaseRefusal::BeingPaid => ErrorCode::PaymentBeingPaid,
        // Only what ends by its time can be too early.
        ReleaseRefusal::NotDue => ErrorCode::Internal,
    };
    code.into()
}

/// The answer of `cancel_payment`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancelPaymentAnswer {
    /// The payment.
    result: CanceledPayment,
    /// Always `success`.
    #[schema(example = "success")]
    status: &'static str,
}

/// The payment that was canceled.
#[derive(Debug, Serialize, ToSchema)]
pub struct CanceledPayment {
    /// Its id.
    #[schema(example = "FoPKKHqfQIKfBqhEj8M47A")]
    payment_id: String,
    /// Always `cancelled`.
    #[schema(example = "cancelled")]
    status: &'static str,
    /// When.
    #[schema(example = "2025-01-15T10:30:00Z")]
    cancelled_at: String,
}
