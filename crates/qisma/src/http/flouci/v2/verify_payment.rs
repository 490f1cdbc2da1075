//! `GET /api/v2/verify_payment/{payment_id}`: what became of a payment (Flouci API, section 3).

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use qisma_domain::account::{Account, AccountKind};
use qisma_domain::decide::expire_payment::ExpirePayment;
use qisma_domain::ids::{AppId, MerchantId, PaymentId};
use qisma_domain::payment::{Payment, PaymentState};
use qisma_domain::snapshot::PaymentAggregate;
use qisma_store::{ReadError, Reader, RunError};

use super::verified::{Verified, view};
use crate::gateway::Gateway;
use crate::http::body::Answer;
use crate::http::caller::{CallingApp, Credentials, asked_about, refused};
use crate::http::error::{ApiError, ErrorBody, ErrorCode};
use crate::http::rate_limit::RateLimit;
use crate::payer::held::expire_if_overdue;

/// Ask what became of a payment.
///
/// `success` is true for every payment that exists; `result.status` says how it stands. Let the
/// webhook tell you when it ends rather than asking again and again.
#[utoipa::path(
    get,
    path = "/api/v2/verify_payment/{payment_id}",
    operation_id = "verify_payment",
    tag = "Flouci API",
    params(("payment_id" = String, Path, description = "The id that generate_payment gave")),
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
    security(("app_keys" = [])),
)]
pub async fn read(
    State(gateway): State<Gateway>,
    State(limit): State<Arc<RateLimit<AppId>>>,
    credentials: Credentials,
    payment_id: Result<Path<String>, PathRejection>,
) -> Result<Answer<Verified>, ApiError> {
    find(&gateway, limit, credentials, payment_id).await.map(Answer)
}

/// What became of a payment, for whoever holds these credentials.
pub async fn find(
    gateway: &Gateway,
    limit: Arc<RateLimit<AppId>>,
    credentials: Credentials,
    payment_id: Result<Path<String>, PathRejection>,
) -> Result<Verified, ApiError> {
    let id = asked_about(&payment_id.map(|Path(text)| text).unwrap_or_default());
    let asker = gateway.clone();
    let read = gateway.store.read(move |reader| {
        let caller = match credentials.caller(&asker, reader)? {
            Ok(caller) => caller,
            Err(reason) => return Ok(Err(refused(reason))),
        };
        let now = asker.now();
        let counted = asker.request_limits.of_caller(&caller, now);
        if let Err(too_many) = counted.and_then(|()| limit.take(caller.app, now)) {
            return Ok(Err(too_many.into()));
        }
        let seen = See::payment(reader, &caller, &id)?;
        Ok(Ok((caller, seen)))
    });
    let (caller, seen) = read.await??;
    let mut seen = seen.ok_or(ErrorCode::PaymentNotFound)?;
    gateway.request_limits.of_payment(seen.payment.payment.id, gateway.now())?;
    if seen.is_overdue(gateway) {
        let id = seen.payment.payment.id;
        expire(gateway, &seen.payment.payment).await?;
        let again = gateway.store.read(move |reader| See::payment(reader, &caller, &id)).await?;
        seen = again.ok_or(ErrorCode::PaymentNotFound)?;
    }
    Ok(view(&seen.payment, &seen.parked, gateway.now()))
}

/// What the store knows of a payment.
struct See {
    payment: PaymentAggregate,
    parked: Vec<MerchantId>,
}

impl See {
    /// What the store knows of it, if it is the caller's.
    fn payment(
        reader: &Reader<'_>,
        caller: &CallingApp,
        id: &PaymentId,
    ) -> Result<Option<Self>, ReadError> {
        #[cfg(feature = "yardstick")]
        if crate::http::yardstick::is_on() {
            let payment = crate::http::yardstick::payment();
            return Ok(Some(Self { payment, parked: vec![] }));
        }
        let Some(payment) = reader.payment_of_merchant(caller.merchant, caller.mode, id)? else {
            return Ok(None);
        };
        let parked = parked(reader, &payment)?;
        Ok(Some(Self { payment, parked }))
    }

    /// Whether its time is over and nobody has written that down yet. With a card attempt open only
    /// the bank can say, and the payment is still pending.
    fn is_overdue(&self, gateway: &Gateway) -> bool {
        let (payment, now) = (&self.payment.payment, gateway.now());
        if payment.state == PaymentState::Authorized {
            return payment.authorization.as_ref().is_some_and(|held| held.is_overdue(now));
        }
        let card_is_open = self.payment.open_attempt().is_some_and(|open| open.card().is_some());
        payment.state.awaits_payer() && !payment.is_payable(now) && !card_is_open
    }
}

/// Whose share waits because they could not receive it.
pub fn parked(
    reader: &Reader<'_>,
    PaymentAggregate { payment, .. }: &PaymentAggregate,
) -> Result<Vec<MerchantId>, ReadError> {
    if !matches!(payment.state, PaymentState::Captured { .. }) {
        return Ok(vec![]);
    }
    let moved = reader.accounts_of_payment(&payment.id)?;
    let is_parked = |merchant: &MerchantId| {
        let (mode, currency) = (payment.mode, payment.currency);
        moved.contains(&Account::merchant(*merchant, AccountKind::Parked, mode, currency).id())
    };
    Ok(payment.legs.iter().map(|leg| leg.destination).filter(is_parked).collect())
}

/// Writes down that the time is over, so that page, redirect and verify agree.
pub(in crate::http) async fn expire(gateway: &Gateway, payment: &Payment) -> Result<(), ApiError> {
    if payment.state == PaymentState::Authorized {
        let ended = expire_if_overdue(gateway, payment).await;
        return ended.map(drop).map_err(|error| {
            tracing::error!(payment = %payment.id, %error, "held money could not be let go");
            ErrorCode::StorageUnavailable.into()
        });
    }
    let payment = payment.id;
    match gateway.store.run(ExpirePayment { payment }).await {
        // A refusal means that somebody was faster; the payment is read again either way.
        Ok(()) | Err(RunError::Refused(_)) => Ok(()),
        Err(error) => Err(ApiError::of_run(error, |_| ErrorCode::Internal.into())),
    }
}
