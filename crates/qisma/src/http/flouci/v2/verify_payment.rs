//! `GET /api/v2/verify_payment/{payment_id}`: what became of a payment (Flouci API, section 3).

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use qisma_domain::account::AccountKind;
use qisma_domain::decide::expire_payment::ExpirePayment;
use qisma_domain::ids::{AppId, PaymentId};
use qisma_domain::snapshot::PaymentAggregate;
use qisma_store::{JournalLine, ReadError, Reader, RunError};

use super::verified::{Verified, view};
use crate::gateway::Gateway;
use crate::http::body::Answer;
use crate::http::caller::CallingApp;
use crate::http::error::{ApiError, ErrorBody, ErrorCode};
use crate::http::rate_limit::RateLimit;

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
    caller: CallingApp,
    payment_id: Result<Path<String>, PathRejection>,
) -> Result<Answer<Verified>, ApiError> {
    limit.take(caller.app, gateway.now())?;
    // What is no id is answered like an id of nobody, without a look into the store.
    let id = payment_id.ok().and_then(|Path(text)| PaymentId::parse(&text).ok());
    let id = id.ok_or(ErrorCode::PaymentNotFound)?;
    let mut seen = See::payment(&gateway, &caller, id).await?;
    if seen.is_overdue(&gateway) {
        expire(&gateway, id).await?;
        seen = See::payment(&gateway, &caller, id).await?;
    }
    Ok(Answer(view(&seen.payment, &seen.parked)))
}

/// What the store knows of a payment.
struct See {
    payment: PaymentAggregate,
    /// The owners whose share waits because they could not receive it.
    parked: Vec<String>,
}

impl See {
    async fn payment(
        gateway: &Gateway,
        caller: &CallingApp,
        id: PaymentId,
    ) -> Result<Self, ApiError> {
        #[cfg(feature = "yardstick")]
        if crate::http::yardstick::is_on() {
            return Ok(Self { payment: crate::http::yardstick::payment(), parked: vec![] });
        }
        let &CallingApp { merchant, mode, .. } = caller;
        let found = gateway.store.read(move |reader| {
            let Some(payment) = reader.payment_of_merchant(merchant, mode, &id)? else {
                return Ok(None);
            };
            let parked = parked_owners(reader, &payment)?;
            Ok(Some(Self { payment, parked }))
        });
        found.await?.ok_or(ErrorCode::PaymentNotFound.into())
    }

    /// Whether its time is over and nobody has written that down yet. With a card attempt open only
    /// the bank can say, and the payment is still pending.
    fn is_overdue(&self, gateway: &Gateway) -> bool {
        let PaymentAggregate { payment, .. } = &self.payment;
        let card_is_open = self.payment.open_attempt().is_some_and(|open| open.card().is_some());
        !payment.state.is_terminal() && !payment.is_payable(gateway.now()) && !card_is_open
    }
}

fn parked_owners(
    reader: &Reader<'_>,
    payment: &PaymentAggregate,
) -> Result<Vec<String>, ReadError> {
    use qisma_domain::payment::PaymentState::Captured;
    if !matches!(payment.payment.state, Captured { .. }) {
        return Ok(Vec::new());
    }
    let lines = reader.journal_of_payment(&payment.payment.id)?;
    let parked = |line: &JournalLine| line.account == AccountKind::Parked.as_str();
    Ok(lines.into_iter().filter(parked).map(|line| line.owner).collect())
}

/// Writes down that the time is over, so that page, redirect and verify agree.
async fn expire(gateway: &Gateway, payment: PaymentId) -> Result<(), ApiError> {
    match gateway.store.run(ExpirePayment { payment }).await {
        // A refusal means that somebody was faster; the payment is read again either way.
        Ok(()) | Err(RunError::Refused(_)) => Ok(()),
        Err(error) => Err(ApiError::of_run(error, |_| ErrorCode::Internal.into())),
    }
}
