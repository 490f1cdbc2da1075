//! `GET /api/idempotency/{key}`: the answer that was lost on its way, for whoever would rather ask
//! than send the request again. Ours; Flouci has no such call.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use qisma_domain::decide::create_payment::CreateAnswer;
use qisma_domain::idempotency::{IdempotencyKey, IdempotencyRow};
use qisma_domain::ids::{AppId, PaymentId};
use url::form_urlencoded;

use super::caller::{CallingApp, asked_about};
use super::error::{ApiError, ErrorBody, ErrorCode};
use super::flouci::business::generate_custom_qr_code;
use super::flouci::transactions::init_pos_transaction::{self, InitPosTransactionAnswer};
use super::flouci::v1;
use super::flouci::v2::generated::{GeneratePaymentAnswer, respond};
use super::flouci::v2::{
    cancel_payment, confirm_payment, generate_payment, refund_payment, saved_card,
};
use super::idempotency;
use super::rate_limit::RateLimit;
use crate::gateway::Gateway;

/// Every path whose answers are told again: all that take an `Idempotency-Key`.
pub const ROUTES: [&str; 6] = [
    generate_payment::WIRE.route,
    v1::generate_payment::WIRE.route,
    refund_payment::ROUTE,
    confirm_payment::ROUTE,
    cancel_payment::ROUTE,
    init_pos_transaction::ROUTE,
];

/// Ask for a lost answer.
///
/// What the request with this `Idempotency-Key` was answered: the same status and body, with
/// `Idempotent-Replayed: true`. A refund is told as it stands by now. Nothing is done by asking: after
/// `idempotency_key_not_found` send the request again, with the same key.
#[utoipa::path(
    get,
    path = "/api/idempotency/{key}",
    operation_id = "read_lost_answer",
    tag = "Flouci API",
    params(
        ("key" = String, Path, description = "The Idempotency-Key that was sent, URL-encoded"),
        ("payment_id" = Option<String>, Query,
            description = "The payment that something was done with, such as a refund; absent, the \
                           key with which a payment was asked for"),
    ),
    responses(
        (status = 200, description = "What the request was answered; here: a payment was made",
            body = GeneratePaymentAnswer),
        (status = 201, description = "What the request was answered; here: a terminal was asked",
            body = InitPosTransactionAnswer),
        (status = 412, description = "What a charge of a saved card was answered",
            body = ErrorBody),
        (status = 401, description = "The credentials are not those of an active app",
            body = ErrorBody),
        (status = 404, description = "Nothing was done under this key", body = ErrorBody),
        (status = 409, description = "The refund was refused by the acquirer",
            body = super::error::RefundErrorBody),
        (status = 429, description = "Asked too often; Retry-After says when to come back",
            body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy: ask again", body = ErrorBody),
    ),
    security(("app_keys" = [])),
)]
pub async fn read(
    State(gateway): State<Gateway>,
    State(limit): State<Arc<RateLimit<AppId>>>,
    caller: CallingApp,
    key: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    limit.take(caller.app, gateway.now())?;
    let key = key.ok().and_then(|Path(text)| IdempotencyKey::parse(&text).ok());
    // What cannot be a key is answered like one that nobody sent.
    let key = key.ok_or(ErrorCode::IdempotencyKeyNotFound)?;
    let about = payment_of(query.as_deref().unwrap_or_default());
    let scope = idempotency::scope(&caller, about, key);
    let row = gateway.store.read(move |reader| reader.idempotency_row(&scope)).await?;
    answer_again(&gateway, row.ok_or(ErrorCode::IdempotencyKeyNotFound)?).await
}

/// The payment that the query names; an empty value counts as absent.
fn payment_of(query: &str) -> Option<PaymentId> {
    let mut all = form_urlencoded::parse(query.as_bytes());
    let named = all.find(|(name, value)| name == "payment_id" && !value.is_empty());
    named.map(|(_, id)| asked_about(&id))
}

/// The answer of a request that made a payment; of one with a saved card, as that stands by now.
async fn made_again(
    gateway: &Gateway,
    row: &IdempotencyRow,
    version: &'static str,
) -> Result<Response, ApiError> {
    let created = serde_json::from_str(&row.answer).expect("we wrote this answer");
    let replay_of = Some(row.request_id.clone());
    let payment = row.payment;
    let seen = gateway.store.read(move |reader| reader.payment_by_link(&payment)).await?;
    match seen.as_ref().map_or(Ok(None), saved_card::status_now) {
        Ok(status) => {
            Ok(respond(CreateAnswer { created, replay_of, started: None }, version, status))
        }
        Err(error) => {
            let mut response = error.into_response();
            idempotency::mark_replay(&mut response, &row.request_id);
            Ok(response)
        }
    }
}

async fn answer_again(gateway: &Gateway, row: IdempotencyRow) -> Result<Response, ApiError> {
    for wire in [generate_payment::WIRE, v1::generate_payment::WIRE] {
        if row.route == wire.route {
            return made_again(gateway, &row, wire.version).await;
        }
    }
    if row.route == refund_payment::ROUTE {
        return refund_payment::answer_again(gateway, row).await;
    }
    if row.route == confirm_payment::ROUTE {
        return confirm_payment::answer_again(gateway, &row).await;
    }
    if row.route == cancel_payment::ROUTE {
        return cancel_payment::answer_again(gateway, &row).await;
    }
    if row.route == init_pos_transaction::ROUTE {
        return init_pos_transaction::answer_again(gateway, &row).await;
    }
    if row.route == generate_custom_qr_code::ROUTE {
        // That key is an operation's, which has a status of its own to ask for.
        return Err(ErrorCode::IdempotencyKeyNotFound.into());
    }
    tracing::error!(route = row.route, "an answer is kept that a newer version has written");
    Err(ErrorCode::Internal.into())
}
