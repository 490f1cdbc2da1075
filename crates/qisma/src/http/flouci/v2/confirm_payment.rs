//! `POST /api/v2/confirm_payment`: what is held for a payment is taken, all or a part, and the rest is let
//! go (Flouci API, section 4).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use qisma_domain::decide::capture_payment::{
    CaptureAnswer, CapturePayment, CaptureRefusal, CaptureStanding, WalletHold,
};
use qisma_domain::idempotency::IdempotencyRow;
use qisma_domain::ids::PaymentId;
use qisma_domain::money::Amount;
use qisma_store::{Fence, Fold};
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::Fields;
use crate::gateway::Gateway;
use crate::http::body::{Answer, JsonObject, Members};
use crate::http::caller::{CallingApp, asked_about};
use crate::http::error::{ApiError, ErrorBody, ErrorCode, Mistake};
use crate::http::idempotency;
use crate::http::middleware::RequestId;
use crate::payer::held::{go_on, wallet_hold};

/// Where it is, and for which path an idempotency key counts.
pub const ROUTE: &str = "/api/v2/confirm_payment";
/// How long the acquirer is waited for; after that the capture goes on by itself (Flouci API: answers come
/// in well under 5 s).
const ANSWER_SECS_MAX: i64 = 4;

/// Take what is held for a payment.
///
/// All of it, or `amount`: then the shares are scaled down in proportion, and the rest is let go. A payment
/// is confirmed once. `status` is `confirmed` once the money is taken, and `pending` while only the acquirer
/// knows: verify the payment, or ask again with the same `Idempotency-Key`, to learn the end.
#[utoipa::path(
    post,
    path = "/api/v2/confirm_payment",
    operation_id = "confirm_payment",
    tag = "Flouci API",
    params(
        ("Idempotency-Key" = Option<String>, Header,
            description = "1 to 255 visible ASCII characters; a fresh UUID for each confirmation"),
    ),
    request_body = super::schema::ConfirmPaymentRequest,
    responses(
        (status = 200, description = "The money was taken, or is being taken",
            body = ConfirmPaymentAnswer),
        (status = 400, description = "The request has mistakes, or wants more than is held",
            body = ErrorBody),
        (status = 401, description = "The credentials are not those of an active app",
            body = ErrorBody),
        (status = 404, description = "No such payment of this merchant in this mode",
            body = ErrorBody),
        (status = 409, description = "Nothing is held for it, or the acquirer refuses",
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
    let (payment, answer) = confirm(&gateway, &caller, &request_id, &headers, &members).await?;
    let CaptureAnswer { standing, replay_of } = answer;
    let standing = bring_to_an_end(&gateway, payment, standing).await;
    let mut response = respond(payment, standing)?;
    if let Some(original) = replay_of {
        idempotency::mark_replay(&mut response, &original);
    }
    Ok(response)
}

async fn confirm(
    gateway: &Gateway,
    caller: &CallingApp,
    request_id: &RequestId,
    headers: &HeaderMap,
    members: &Members,
) -> Result<(PaymentId, CaptureAnswer), ApiError> {
    let mut fields = Fields::new(members);
    let id = fields.required_text("payment_id", "the id that generate_payment gave");
    let amount = fields.optional_amount("amount");
    let mistakes = fields.into_mistakes();
    if !mistakes.is_empty() {
        return Err(ApiError::of_mistakes(mistakes));
    }
    let key = idempotency::key_of(headers)?;
    let payment = id.map(|text| asked_about(&text)).ok_or(ErrorCode::PaymentNotFound)?;
    let &CallingApp { merchant, mode, .. } = caller;
    // What holds the money never changes once it is held; before that there is nothing to take.
    let read =
        gateway.store.read(move |reader| reader.payment_of_merchant(merchant, mode, &payment));
    let seen = read.await?.ok_or(ErrorCode::PaymentNotFound)?;
    gateway.request_limits.of_payment(payment, gateway.now())?;
    let hold = wallet_hold(&seen).map(|hold| match gateway.config.ledger.fold {
        Fold::Inline => WalletHold::TakenNow(hold),
        Fold::Deferred => WalletHold::TakenByTheFold(hold),
    });
    let idempotent = key.map(|key| {
        let understood = serde_json::json!([payment, amount]).to_string();
        let request = ("POST", ROUTE, understood.as_str());
        let scope = idempotency::scope(caller, Some(payment), key);
        idempotency::request(&gateway.keyring, scope, request, request_id)
    });
    let command = CapturePayment { payment, merchant, mode, amount, hold, idempotent };
    let answer = gateway.store.run(command).await;
    Ok((payment, answer.map_err(|error| ApiError::of_run(error, refused))?))
}

fn refused(refusal: CaptureRefusal) -> ApiError {
    let code = match refusal {
        CaptureRefusal::NotFound => ErrorCode::PaymentNotFound,
        CaptureRefusal::KeyReused => ErrorCode::IdempotencyKeyReused,
        CaptureRefusal::NotHeld | CaptureRefusal::TimeOver => ErrorCode::PaymentNotAuthorized,
        CaptureRefusal::Captured => ErrorCode::PaymentAlreadyCaptured,
        CaptureRefusal::UnderWay => ErrorCode::CaptureUnderWay,
        CaptureRefusal::AmountAboveHeld { held } => {
            let held = held.millimes();
            let message = format!("must be at most the {held} millimes that are held");
            return ApiError::of_mistakes(vec![Mistake::new("amount", message)]);
        }
    };
    code.into()
}

/// The answer of a request that was granted before, as its payment stands by now.
pub async fn answer_again(gateway: &Gateway, row: &IdempotencyRow) -> Result<Response, ApiError> {
    let payment = row.payment;
    let seen = gateway.store.read(move |reader| reader.payment_by_link(&payment)).await?;
    let standing = CaptureStanding::of(&seen.ok_or(ErrorCode::Internal)?.payment);
    let mut response = respond(payment, standing).unwrap_or_else(IntoResponse::into_response);
    idempotency::mark_replay(&mut response, &row.request_id);
    Ok(response)
}

/// Goes to the acquirer at once, and waits for it a moment. Whoever leaves does not stop it.
async fn bring_to_an_end(
    gateway: &Gateway,
    payment: PaymentId,
    standing: CaptureStanding,
) -> CaptureStanding {
    let CaptureStanding::UnderWay { .. } = standing else { return standing };
    let over_at = gateway.now().plus_secs(ANSWER_SECS_MAX);
    let goes_on = {
        let gateway = gateway.clone();
        tokio::spawn(async move {
            if let Err(error) = go_on(&gateway, payment, &Fence::none()).await {
                tracing::warn!(%payment, %error, "a capture goes on later");
            }
        })
    };
    tokio::select! {
        biased;
        _ = goes_on => {}
        () = gateway.clock.sleep_until(over_at) => {}
    }
    // The capture has begun, whatever this read comes to: an error here would be taken for a refusal.
    let again = gateway.store.read(move |reader| reader.payment_by_link(&payment)).await;
    again.ok().flatten().map_or(standing, |seen| CaptureStanding::of(&seen.payment))
}

/// The answer of `confirm_payment`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfirmPaymentAnswer {
    /// The payment.
    result: ConfirmedPayment,
    /// `success` once the money is taken, `pending` until then.
    #[schema(example = "success")]
    status: &'static str,
}

/// The payment that was confirmed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfirmedPayment {
    /// Its id.
    #[schema(example = "FoPKKHqfQIKfBqhEj8M47A")]
    payment_id: String,
    /// `confirmed` once the money is taken, `pending` until then.
    #[schema(example = "confirmed")]
    status: &'static str,
    /// How much, in millimes; a text.
    #[schema(example = "8500")]
    amount: String,
    /// When it was taken; null while it is pending.
    #[schema(required = true, example = "2025-01-15T10:30:00Z")]
    confirmed_at: Option<String>,
}

fn respond(payment: PaymentId, standing: CaptureStanding) -> Result<Response, ApiError> {
    let answer = |status, word, amount: Amount, confirmed_at| {
        let (payment_id, amount) = (payment.to_string(), amount.millimes().to_string());
        let result = ConfirmedPayment { payment_id, status: word, amount, confirmed_at };
        Answer(ConfirmPaymentAnswer { result, status }).into_response()
    };
    match standing {
        CaptureStanding::Captured { amount, at } => {
            Ok(answer("success", "confirmed", amount, Some(at.rfc3339())))
        }
        CaptureStanding::UnderWay { amount } => Ok(answer("pending", "pending", amount, None)),
        CaptureStanding::Refused => Err(ErrorCode::CaptureRefused.into()),
    }
}
