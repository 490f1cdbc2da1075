//! Ways out: another way to pay, calling it off, and the shop.

use std::sync::Arc;

use axum::extract::State;
use qisma_domain::attempt::AbandonReason;
use qisma_domain::decide::abandon_attempt::AbandonAttempt;
use qisma_domain::decide::cancel_payment::{CancelPayment, CancelRefusal};
use qisma_domain::decide::record_outcome::Outcome;
use qisma_domain::payment::{Canceler, PaymentState};
use qisma_store::RunError;

use super::card::look;
use super::load::{Loaded, WayToBank};
use super::request::{Answer, Submission, Visit};
use super::respond::{Turned, see_other};
use super::view;
use crate::gateway::Gateway;
use crate::http::rate_limit::ClientLimits;

/// `GET /pay/{id}/leave`: to the shop once the payment has ended, to the bank while its page is
/// open. Only stored addresses are ever sent.
pub async fn leave(State(gateway): State<Gateway>, visit: Visit) -> Answer {
    let loaded = visit.load(&gateway).await?;
    let payment = loaded.payment();
    let shop = match payment.state {
        // Verify says by now that it is paid, or that its money is held for the merchant.
        PaymentState::Captured { .. } | PaymentState::Authorized => payment.success_link.as_ref(),
        PaymentState::Failed { .. }
        | PaymentState::Expired { .. }
        | PaymentState::Canceled { .. } => payment.fail_link.as_ref(),
        PaymentState::Created | PaymentState::Processing | PaymentState::RequiresAction => {
            return Ok(match loaded.way_to_bank() {
                Some(WayToBank::Page(url)) => see_other(url),
                Some(WayToBank::Issuer { .. }) => see_other(&loaded.frame().path_under("bank")),
                None => loaded.to_page(None),
            });
        }
    };
    // Where no shop waits, the payer stays on our page, which says how it ended.
    Ok(shop
        .map_or_else(|| loaded.to_page(None), |link| see_other(&link.redirect_target(&payment.id))))
}

/// What an open attempt allows.
enum Freed {
    /// Nothing holds the payment: no attempt, or one that has just ended.
    Free,
    /// A wallet attempt, which may be left at once.
    Wallet { attempt: u16 },
    /// A card attempt that the bank has just said to be unpaid.
    UnpaidCard { attempt: u16 },
    /// Only the bank can say.
    Undecided,
}

/// Finds out whether the open attempt may be left. A card attempt is read at the bank first: what
/// it may have taken is not for the payer to leave.
async fn free(gateway: &Gateway, limits: &ClientLimits, loaded: &Loaded) -> Result<Freed, Turned> {
    let Some(open) = loaded.aggregate.open_attempt() else { return Ok(Freed::Free) };
    let attempt = open.number;
    if open.card().is_none() {
        return Ok(Freed::Wallet { attempt });
    }
    let seen = look(gateway, limits, loaded, attempt).await?;
    Ok(match seen.outcome {
        _ if seen.unpaid => Freed::UnpaidCard { attempt },
        Outcome::Open | Outcome::FactsDiffer => Freed::Undecided,
        _ => Freed::Free,
    })
}

/// `POST /pay/{id}/change`: leaves the open attempt for another way to pay.
pub async fn change_way(
    State(gateway): State<Gateway>,
    State(limits): State<Arc<ClientLimits>>,
    submission: Submission,
) -> Answer {
    let form = submission.accept(&gateway, "change").await?;
    let loaded = &form.loaded;
    let attempt = match free(&gateway, &limits, loaded).await? {
        Freed::Wallet { attempt } | Freed::UnpaidCard { attempt } => attempt,
        Freed::Free => return Ok(loaded.to_page(None)),
        Freed::Undecided => return Ok(loaded.to_page(Some(view::BANK_UNDECIDED))),
    };
    let reason = AbandonReason::PayerLeft;
    let command = AbandonAttempt { payment: loaded.payment().id, attempt, reason };
    match gateway.store.run(command).await {
        Ok(()) | Err(RunError::Refused(_)) => Ok(loaded.to_page(None)),
        Err(error) => Err(loaded.store_failed(&error)),
    }
}

/// `POST /pay/{id}/cancel`: calls the payment off.
pub async fn cancel(
    State(gateway): State<Gateway>,
    State(limits): State<Arc<ClientLimits>>,
    submission: Submission,
) -> Answer {
    let form = submission.accept(&gateway, "cancel").await?;
    let loaded = &form.loaded;
    let unpaid_attempt = match free(&gateway, &limits, loaded).await? {
        Freed::UnpaidCard { attempt } => Some(attempt),
        Freed::Free | Freed::Wallet { .. } => None,
        Freed::Undecided => return Ok(loaded.to_page(Some(view::BANK_UNDECIDED))),
    };
    let payment = loaded.payment().id;
    let command = CancelPayment { payment, by: Canceler::Payer, unpaid_attempt };
    match gateway.store.run(command).await {
        // Somebody began to pay by card in between.
        Err(RunError::Refused(CancelRefusal::CardOpen { .. })) => {
            Ok(loaded.to_page(Some(view::OPEN_ELSEWHERE)))
        }
        Ok(()) | Err(RunError::Refused(_)) => Ok(loaded.to_page(None)),
        Err(error) => Err(loaded.store_failed(&error)),
    }
}
