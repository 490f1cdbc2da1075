//! `POST /api/v2/refund_payment`: money of a paid payment goes back (Flouci API, section 4). A part of it,
//! and whom it is taken from, are ours.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use qisma_domain::decide::refund_payment::{
    ChosenReversal, RefundAnswer, RefundPayment, RefundRefusal,
};
use qisma_domain::ids::{MerchantId, PaymentId};
use qisma_domain::money::Amount;
use qisma_domain::payment::PaymentState;
use qisma_domain::refund::{Refund, RefundState};
use qisma_store::Fence;
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::{Fields, LegRead};
use super::verify_payment::parked;
use crate::gateway::Gateway;
use crate::http::body::{Answer, JsonObject, Members};
use crate::http::caller::CallingApp;
use crate::http::error::{ApiError, ErrorBody, ErrorCode, Mistake, OfRefund, RefundErrorBody};
use crate::http::idempotency;
use crate::http::middleware::RequestId;
use crate::payer::refund::go_on;

const ROUTE: &str = "/api/v2/refund_payment";
const REVERSALS: &str = "reversals";
/// How long the acquirer is waited for; after that the refund goes on by itself (Flouci API: answers come
/// in well under 5 s).
const ANSWER_SECS_MAX: i64 = 4;

/// Give money of a payment back.
///
/// All that is left of it, or `amount`; over all legs in proportion, or as `reversals` say. It goes back
/// the way it came: `status` is `success` once the payer has it, and `pending` while only the acquirer
/// knows. Ask again with the same `Idempotency-Key`, or verify the payment, to learn the end.
#[utoipa::path(
    post,
    path = "/api/v2/refund_payment",
    operation_id = "refund_payment",
    tag = "Flouci API",
    params(
        ("Idempotency-Key" = Option<String>, Header,
            pattern = "^[!-~]{1,255}$", description = "A fresh UUID for each refund"),
    ),
    request_body = super::schema::RefundPaymentRequest,
    responses(
        (status = 200, description = "The refund was made, or had been under this key",
            body = RefundPaymentAnswer),
        (status = 400, description = "The request has mistakes", body = RefundErrorBody),
        (status = 401, description = "The credentials are not those of an active app",
            body = RefundErrorBody),
        (status = 404, description = "No such payment of this merchant in this mode",
            body = RefundErrorBody),
        (status = 409, description = "The payment cannot be refunded so", body = RefundErrorBody),
        (status = 422, description = "The key was used for another request",
            body = RefundErrorBody),
        (status = 429, description = "Credentials of this address were refused too often",
            body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed",
            body = RefundErrorBody),
        (status = 503, description = "Busy, or the outcome is unknown: ask again with the same key",
            body = RefundErrorBody),
    ),
    security(("app_keys" = [])),
)]
pub async fn create(
    State(gateway): State<Gateway>,
    OfRefund(caller): OfRefund<CallingApp>,
    request_id: RequestId,
    headers: HeaderMap,
    OfRefund(JsonObject(members)): OfRefund<JsonObject>,
) -> Result<Response, ApiError> {
    let made = refund(&gateway, &caller, &request_id, &headers, &members);
    let RefundAnswer { refund, replay_of } = made.await.map_err(ApiError::of_refund)?;
    let refund = bring_to_an_end(&gateway, refund).await.map_err(ApiError::of_refund)?;
    let mut response = respond(&refund).map_err(ApiError::of_refund)?;
    if let Some(original) = replay_of {
        idempotency::mark_replay(&mut response, &original);
    }
    Ok(response)
}

/// What is asked for, as it was understood.
struct Asked {
    payment: Option<PaymentId>,
    amount: Option<Amount>,
    reversals: Vec<ChosenReversal>,
}

fn understand(members: &Members) -> Result<Asked, Vec<Mistake>> {
    let mut fields = Fields::new(members);
    let id = fields.required_text("payment_id", "the id that generate_payment gave");
    let amount = fields.optional_amount("amount");
    let legs = fields.destinations(REVERSALS);
    for leg in &legs {
        let twice = |other: &&LegRead| {
            other.place < leg.place
                && other.destination.is_some_and(|it| Some(it) == leg.destination)
        };
        if let Some(first) = legs.iter().find(twice) {
            let first = first.place;
            fields.refuse(
                format!("{REVERSALS}[{}].destination", leg.place),
                format!("is the same merchant as in {REVERSALS}[{first}]; add the amounts up"),
            );
        }
    }
    let mistakes = fields.into_mistakes();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let chosen =
        |leg: LegRead| Some(ChosenReversal { destination: leg.destination?, amount: leg.amount? });
    // What is no id is answered like an id of nobody.
    let payment = id.and_then(|text| PaymentId::parse(&text).ok());
    Ok(Asked { payment, amount, reversals: legs.into_iter().filter_map(chosen).collect() })
}

async fn refund(
    gateway: &Gateway,
    caller: &CallingApp,
    request_id: &RequestId,
    headers: &HeaderMap,
    members: &Members,
) -> Result<RefundAnswer, ApiError> {
    let asked = understand(members).map_err(ApiError::of_mistakes)?;
    let key = idempotency::key_of(headers)?;
    let payment = asked.payment.ok_or(ErrorCode::PaymentNotFound)?;
    let &CallingApp { merchant, mode, .. } = caller;
    // Who has the legs, and whose share was parked, never changes once it is captured; before that there
    // is nothing to give back.
    let read = gateway.store.read(move |reader| {
        let Some(found) = reader.payment_of_merchant(merchant, mode, &payment)? else {
            return Ok(None);
        };
        let parked: BTreeSet<MerchantId> = parked(reader, &found)?.into_iter().collect();
        Ok(Some((found.payment, parked)))
    });
    let (found, parked) = read.await?.ok_or(ErrorCode::PaymentNotFound)?;
    if !matches!(found.state, PaymentState::Captured { .. }) {
        return Err(ErrorCode::RefundNotAllowed.into());
    }
    let destinations: BTreeSet<MerchantId> = found.legs.iter().map(|leg| leg.destination).collect();
    let idempotent = key.map(|key| {
        let understood = canonical(payment, &asked);
        let request = ("POST", ROUTE, understood.as_str());
        let scope = idempotency::scope(caller, Some(payment), key);
        idempotency::request(&gateway.keyring, scope, request, request_id)
    });
    let command = RefundPayment {
        payment,
        merchant,
        mode,
        amount: asked.amount,
        reversals: asked.reversals,
        destinations,
        parked,
        when_short: gateway.config.refunds.when_short,
        idempotent,
    };
    gateway.store.run(command).await.map_err(|error| ApiError::of_run(error, refused))
}

/// The request as it was understood: what an idempotency key is compared by.
fn canonical(payment: PaymentId, asked: &Asked) -> String {
    let reversals = asked.reversals.iter();
    let reversals: Vec<_> =
        reversals.map(|one| serde_json::json!([one.destination, one.amount])).collect();
    serde_json::json!([payment, asked.amount, reversals]).to_string()
}

fn refused(refusal: RefundRefusal) -> ApiError {
    let not_allowed = |field: String, message: String| {
        ApiError::with_mistakes(ErrorCode::RefundNotAllowed, vec![Mistake::new(field, message)])
    };
    let at = |place: usize, member: &str| format!("{REVERSALS}[{place}].{member}");
    match refusal {
        RefundRefusal::NotFound => ErrorCode::PaymentNotFound.into(),
        RefundRefusal::KeyReused => ErrorCode::IdempotencyKeyReused.into(),
        RefundRefusal::NotAllowed => ErrorCode::RefundNotAllowed.into(),
        RefundRefusal::AmountAboveRest { left } => not_allowed(
            "amount".to_owned(),
            format!("only {} millimes can still be given back", left.millimes()),
        ),
        RefundRefusal::NotALeg(places) => ApiError::of_mistakes(
            places
                .into_iter()
                .map(|place| Mistake::new(at(place, "destination"), "has no share of this payment"))
                .collect(),
        ),
        RefundRefusal::PartsAboveLegs(places) => ApiError::with_mistakes(
            ErrorCode::RefundNotAllowed,
            places
                .into_iter()
                .map(|place| {
                    Mistake::new(at(place, "amount"), "is more than is left of that share")
                })
                .collect(),
        ),
        RefundRefusal::PartsAboveAmount => ApiError::of_mistakes(vec![Mistake::new(
            REVERSALS,
            "add up to more than the amount; lower them, or leave the amount out",
        )]),
        RefundRefusal::PartsBelowAmount => not_allowed(
            REVERSALS.to_owned(),
            "leave a part of the amount that your own share does not have; name who gives it"
                .to_owned(),
        ),
        RefundRefusal::Short(short) => {
            let mistake = |(merchant, amount): (MerchantId, Amount)| {
                let lacks = format!("lacks {} millimes", amount.millimes());
                Mistake::new(format!("destination {merchant}"), lacks)
            };
            let short = short.into_iter().map(mistake).collect();
            ApiError::with_mistakes(ErrorCode::RefundShort, short)
        }
    }
}

/// Goes to the acquirer at once, and waits for it a moment. Whoever leaves does not stop it.
async fn bring_to_an_end(gateway: &Gateway, refund: Refund) -> Result<Refund, ApiError> {
    if refund.state.is_final() {
        return Ok(refund);
    }
    let (payment, number) = (refund.payment, refund.number);
    let over_at = gateway.now().plus_secs(ANSWER_SECS_MAX);
    let goes_on = {
        let gateway = gateway.clone();
        tokio::spawn(async move {
            if let Err(error) = go_on(&gateway, payment, number, &Fence::none()).await {
                tracing::warn!(%payment, number, %error, "a refund goes on later");
            }
        })
    };
    tokio::select! {
        biased;
        _ = goes_on => {}
        () = gateway.clock.sleep_until(over_at) => {}
    }
    // The refund is made, whatever this read comes to: an error here would be taken for a refusal.
    let again = gateway.store.read(move |reader| reader.refunds(Some(&payment), i64::MAX)).await;
    let again = again.ok().and_then(|all| all.into_iter().find(|one| one.number == number));
    Ok(again.unwrap_or(refund))
}

/// The answer of `refund_payment`.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundPaymentAnswer {
    /// The refund.
    result: RefundMade,
    /// `success` once the payer has the money, `pending` until then.
    #[schema(example = "success")]
    status: &'static str,
}

/// The refund that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundMade {
    /// Its id.
    #[schema(example = "ref_FoPKKHqfQIKfBqhEj8M47A")]
    refund_id: String,
    /// The payment's id.
    #[schema(example = "FoPKKHqfQIKfBqhEj8M47A")]
    payment_id: String,
    /// How much, in millimes; a text.
    #[schema(example = "10000")]
    amount: String,
    /// `success` once the payer has the money, `pending` until then.
    #[schema(example = "success")]
    status: &'static str,
    /// When the payer got the money, as far as we know; null while it is pending.
    #[schema(required = true, example = "2025-01-15T10:30:00Z")]
    refunded_at: Option<String>,
    /// Whose shares it is taken from.
    reversals: Vec<RefundReversal>,
}

/// What is taken from one share.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundReversal {
    /// The merchant's id.
    #[schema(example = "1234")]
    destination: String,
    /// How much, in millimes.
    #[schema(example = 8000)]
    amount: i64,
}

/// Whose shares a refund is taken from.
pub fn reversals_of(refund: &Refund) -> Vec<RefundReversal> {
    let shown = refund.parts.iter().map(|part| RefundReversal {
        destination: part.destination.to_string(),
        amount: part.amount.millimes(),
    });
    shown.collect()
}

/// The word of a refund's state, and when it succeeded.
pub fn word_of(state: &RefundState) -> (&'static str, Option<String>) {
    match state {
        RefundState::Pending | RefundState::Sent { .. } | RefundState::Unknown { .. } => {
            ("pending", None)
        }
        RefundState::Succeeded { at } => ("success", Some(at.rfc3339())),
        RefundState::Failed { .. } => ("failed", None),
    }
}

fn respond(refund: &Refund) -> Result<Response, ApiError> {
    if let RefundState::Failed { .. } = refund.state {
        return Err(ErrorCode::RefundRefused.into());
    }
    let (status, refunded_at) = word_of(&refund.state);
    let result = RefundMade {
        refund_id: refund.id.to_string(),
        payment_id: refund.payment.to_string(),
        amount: refund.amount.millimes().to_string(),
        status,
        refunded_at,
        reversals: reversals_of(refund),
    };
    Ok(Answer(RefundPaymentAnswer { result, status }).into_response())
}
