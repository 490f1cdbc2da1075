//! `GET /api/v2/bindings/list` and `POST /api/v2/bindings/revoke`: a payer's saved cards, which the
//! acquirer keeps (Flouci API, section 4). Giving one up is ours.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use qisma_domain::binding::BindingId;
use qisma_domain::ids::AppId;
use qisma_domain::limits::CLIENT_ID_BYTES_MAX;
use qisma_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::Fields;
use super::saved_card::{ANSWER_SECS_MAX, client_of, saved_cards};
use crate::acquirers::smt::{Binding, ChangeAnswer};
use crate::gateway::Gateway;
use crate::http::body::{Answer, JsonObject};
use crate::http::caller::CallingApp;
use crate::http::error::{ApiError, ErrorBody, ErrorCode};
use crate::http::idempotency;
use crate::http::query::Query;
use crate::http::rate_limit::RateLimit;

const CLIENT_ID_RULE: &str = "the payer's id that payments were made with";
/// `errorCode` of a card that was given up before (BPC manual: `unBindCard.do`).
const NOT_ACTIVE: i64 = 2;

/// List a payer's saved cards.
///
/// A card is saved when it pays a payment with a `client_id`. A payer of whom nothing is known has an
/// empty list.
#[utoipa::path(
    get,
    path = "/api/v2/bindings/list",
    operation_id = "list_bindings",
    tag = "Flouci API",
    params(("client_id" = String, Query, min_length = 1, max_length = 255,
        description = "The payer's id at the merchant")),
    responses(
        (status = 200, description = "The saved cards", body = BindingsListAnswer),
        (status = 400, description = "The request has mistakes", body = ErrorBody),
        (status = 401, description = "The credentials are not those of an active app",
            body = ErrorBody),
        (status = 429, description = "Asked too often; Retry-After says when to come back",
            body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy, or the acquirer does not answer: ask again",
            body = ErrorBody),
    ),
    security(("app_keys" = [])),
)]
pub async fn list(
    State(gateway): State<Gateway>,
    State(limit): State<Arc<RateLimit<AppId>>>,
    caller: CallingApp,
    Query(members): Query,
) -> Result<Answer<BindingsListAnswer>, ApiError> {
    limit.take(caller.app, gateway.now())?;
    let over_at = gateway.now().plus_secs(ANSWER_SECS_MAX);
    let mut fields = Fields::new(&members);
    let client_id = fields.required_identifier("client_id", CLIENT_ID_RULE, CLIENT_ID_BYTES_MAX);
    let Some(client_id) = client_id else {
        return Err(ApiError::of_mistakes(fields.into_mistakes()));
    };
    let client = client_of(&gateway.keyring, &caller, &client_id);
    let saved = saved_cards(&gateway, caller.mode, &client, over_at).await?;
    let saved_at = gateway.store.read(move |reader| reader.cards_saved_at(&client)).await?;
    let bindings = saved.iter().map(|card| shown(card, &client_id, &saved_at)).collect();
    let result = BindingsList { success: true, bindings };
    Ok(Answer(BindingsListAnswer { result, status: "success" }))
}

/// Give a saved card up.
///
/// It can never be charged again. One that is not saved for this payer, or not any more, gets the same
/// answer: afterwards it is as asked for, either way.
#[utoipa::path(
    post,
    path = "/api/v2/bindings/revoke",
    operation_id = "revoke_binding",
    tag = "Flouci API",
    request_body = super::schema::RevokeBindingRequest,
    responses(
        (status = 200, description = "The card cannot be charged", body = RevokeBindingAnswer),
        (status = 400, description = "The request has mistakes", body = ErrorBody),
        (status = 401, description = "The credentials are not those of an active app",
            body = ErrorBody),
        (status = 429, description = "Asked too often; Retry-After says when to come back",
            body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy, or the acquirer does not answer: ask again",
            body = ErrorBody),
    ),
    security(("app_keys" = [])),
)]
pub async fn revoke(
    State(gateway): State<Gateway>,
    State(limit): State<Arc<RateLimit<AppId>>>,
    caller: CallingApp,
    headers: HeaderMap,
    JsonObject(members): JsonObject,
) -> Result<Answer<RevokeBindingAnswer>, ApiError> {
    limit.take(caller.app, gateway.now())?;
    let over_at = gateway.now().plus_secs(ANSWER_SECS_MAX);
    let mut fields = Fields::new(&members);
    let client_id = fields.required_identifier("client_id", CLIENT_ID_RULE, CLIENT_ID_BYTES_MAX);
    let sent = fields.required_text("binding_id", "the saved card's id that bindings/list gave");
    let binding = sent.as_deref().and_then(|text| BindingId::parse(text).ok());
    if sent.is_some() && binding.is_none() {
        fields.refuse("binding_id", "is no saved card's id; bindings/list gives them");
    }
    let (Some(client_id), Some(binding)) = (client_id, binding) else {
        return Err(ApiError::of_mistakes(fields.into_mistakes()));
    };
    idempotency::key_of(&headers)?;
    let client = client_of(&gateway.keyring, &caller, &client_id);
    // The one that keeps the card may have been taken out of the settings.
    if gateway.acquirer(caller.mode).is_none() {
        return Err(ErrorCode::AcquirerUnavailable.into());
    }
    let saved = saved_cards(&gateway, caller.mode, &client, over_at).await?;
    if saved.iter().any(|card| card.id == binding) {
        give_up(&gateway, &caller, &binding, over_at).await?;
    }
    let binding_id = binding.as_str().to_owned();
    let result = RevokedBinding { success: true, binding_id, client_id, status: "revoked" };
    Ok(Answer(RevokeBindingAnswer { result, status: "success" }))
}

/// Has the acquirer forget a card that is the caller's payer's. An answer that was lost is no harm:
/// whoever asks again finds the card gone, or has it given up then.
async fn give_up(
    gateway: &Gateway,
    caller: &CallingApp,
    binding: &BindingId,
    over_at: Timestamp,
) -> Result<(), ApiError> {
    let Some(acquirer) = gateway.acquirer(caller.mode) else { return Ok(()) };
    let answer = tokio::select! {
        biased;
        answer = acquirer.unbind(binding) => answer,
        () = gateway.clock.sleep_until(over_at) => {
            return Err(ErrorCode::AcquirerUnavailable.into());
        }
    };
    match answer {
        ChangeAnswer::Done | ChangeAnswer::Refused { code: NOT_ACTIVE } => Ok(()),
        ChangeAnswer::Refused { code } => {
            tracing::error!(code, "the acquirer refuses to give a saved card up: check our rights");
            Err(ErrorCode::AcquirerUnavailable.into())
        }
        ChangeAnswer::Unknown(reason) => {
            tracing::warn!(%reason, "whether a saved card was given up is not known");
            Err(ErrorCode::AcquirerUnavailable.into())
        }
    }
}

/// The answer of `bindings/list`.
#[derive(Debug, Serialize, ToSchema)]
pub struct BindingsListAnswer {
    /// The list.
    result: BindingsList,
    /// Always `success`.
    #[schema(example = "success")]
    status: &'static str,
}

/// A payer's saved cards.
#[derive(Debug, Serialize, ToSchema)]
pub struct BindingsList {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// Each of them.
    bindings: Vec<ListedBinding>,
}

/// A saved card.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedBinding {
    /// What stands for it, to be charged with.
    #[schema(example = "01491d0b-c848-7dd6-a20d-e96900a7d8c0")]
    binding_id: String,
    /// The payer's id, as sent.
    #[schema(example = "client-7")]
    client_id: String,
    /// The number's last four digits; empty where the acquirer does not tell.
    #[schema(example = "4012")]
    card_last_four: String,
    /// The scheme: `Visa`, `Mastercard`, `Amex`, `JCB`, `UnionPay`, or `Card` where it is not known.
    #[schema(example = "Visa")]
    card_brand: &'static str,
    /// Always `active`: others are not listed.
    #[schema(example = "active")]
    status: &'static str,
    /// When the first payment with it was paid; null where we do not know of it.
    #[schema(required = true, example = "2025-01-15T10:30:00Z")]
    created_at: Option<String>,
}

/// The answer of `bindings/revoke`.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevokeBindingAnswer {
    /// The card.
    result: RevokedBinding,
    /// Always `success`.
    #[schema(example = "success")]
    status: &'static str,
}

/// A card that cannot be charged.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevokedBinding {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// The card's id, as sent.
    #[schema(example = "01491d0b-c848-7dd6-a20d-e96900a7d8c0")]
    binding_id: String,
    /// The payer's id, as sent.
    #[schema(example = "client-7")]
    client_id: String,
    /// Always `revoked`.
    #[schema(example = "revoked")]
    status: &'static str,
}

fn shown(
    card: &Binding,
    client_id: &str,
    saved_at: &BTreeMap<BindingId, Timestamp>,
) -> ListedBinding {
    let pan = card.masked_pan.as_deref().unwrap_or_default();
    ListedBinding {
        binding_id: card.id.as_str().to_owned(),
        client_id: client_id.to_owned(),
        card_last_four: pan.get(pan.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
        card_brand: brand(card.payment_system.as_deref().unwrap_or_default(), pan),
        status: "active",
        created_at: saved_at.get(&card.id).map(|at| at.rfc3339()),
    }
}

/// The scheme's name: as the acquirer says, which often says no more than `CARD`, else as the first
/// digits say.
fn brand(payment_system: &str, pan: &str) -> &'static str {
    let first = |count: usize| {
        let digits = pan.get(..count).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        digits.and_then(|digits| digits.parse::<u16>().ok()).unwrap_or(0)
    };
    match (payment_system.to_ascii_uppercase().as_str(), first(1), first(2), first(4)) {
        ("VISA", ..) | (_, 4, ..) => "Visa",
        ("MASTERCARD", ..) | (_, _, 51..=55, _) | (_, _, _, 2221..=2720) => "Mastercard",
        ("AMEX", ..) | (_, _, 34 | 37, _) => "Amex",
        ("JCB", ..) | (_, _, _, 3528..=3589) => "JCB",
        ("CUP", ..) | (_, _, 62, _) => "UnionPay",
        _ => "Card",
    }
}

#[cfg(test)]
mod tests {
    use super::brand;

    #[test]
    fn a_scheme_is_named_by_the_acquirer_or_else_by_the_number() {
        for (system, pan, name) in [
            ("VISA", "**1111", "Visa"),
            ("CARD", "450921**1119", "Visa"),
            ("CARD", "544021**1110", "Mastercard"),
            ("", "222100**0001", "Mastercard"),
            ("", "341234**0001", "Amex"),
            ("", "352812**0001", "JCB"),
            ("CUP", "", "UnionPay"),
            ("CARD", "**1111", "Card"),
        ] {
            assert_eq!(brand(system, pan), name, "{system} {pan}");
        }
    }
}
