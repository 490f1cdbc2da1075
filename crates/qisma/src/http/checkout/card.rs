//! The card's form, the page between ours and the bank's, and the payer's return.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use qisma_domain::attempt::Attempt;
use qisma_domain::decide::start_card::StartRefusal;
use qisma_domain::limits;

use super::load::Loaded;
use super::request::{Answer, Submission, Visit};
use super::respond::{Turned, see_other};
use super::view;
use crate::gateway::Gateway;
use crate::http::rate_limit::ClientLimits;
use crate::pages;
use crate::payer::card::{StartError, StartedCard, start_card};
use crate::payer::outcome::{Look, LookError, look_for_payer};

/// `POST /pay/{id}/card`: opens an order at the bank.
pub async fn pay_by_card(State(gateway): State<Gateway>, submission: Submission) -> Answer {
    let form = submission.accept(&gateway, "card").await?;
    let loaded = &form.loaded;
    let (payment, name) = (loaded.payment().clone(), loaded.payee.name.clone());
    let locale = loaded.tongue.locale;
    let begun = gateway.address_limits.begin(loaded.client, loaded.now);
    begun.map_err(|too_many| loaded.too_many(too_many))?;
    // In a task of its own: a payer who closes the tab now must not leave the attempt half begun.
    let starting = tokio::spawn({
        let gateway = gateway.clone();
        async move { start_card(&gateway, &payment, &name, locale).await }
    });
    let started = starting.await;
    match started {
        Ok(Ok(StartedCard::Unavailable) | Err(StartError::Refused(_))) => {
            gateway.address_limits.not_begun(loaded.client);
        }
        _ => gateway.address_limits.begun(loaded.payment().id, loaded.client),
    }
    match started {
        Ok(Ok(StartedCard::AtBank)) => Ok(see_other(&loaded.frame().path_under("bank"))),
        Ok(Ok(StartedCard::Unavailable)) => Ok(loaded.to_page(Some(view::CARD_UNAVAILABLE))),
        Ok(Ok(StartedCard::Waiting)) => Ok(loaded.to_page(None)),
        Ok(Err(StartError::Refused(refusal))) => Ok(loaded.to_page(word_of(refusal))),
        Ok(Err(StartError::Look(error))) => Err(loaded.look_failed(error)),
        Err(_) => Err(loaded.store_failed(&qisma_store::RunError::<()>::Internal)),
    }
}

const fn word_of(refusal: StartRefusal) -> Option<&'static str> {
    match refusal {
        StartRefusal::AttemptOpen => Some(view::OPEN_ELSEWHERE),
        StartRefusal::RailNotAccepted | StartRefusal::TooManyAttempts => {
            Some(view::CARD_UNAVAILABLE)
        }
        // The page shows how it ended, and that no card is taken.
        StartRefusal::NotFound
        | StartRefusal::Ended
        | StartRefusal::TimeOver
        | StartRefusal::TooManyCardAttempts => None,
    }
}

/// `GET /pay/{id}/bank`: leaves for the bank. A page of its own, because a form may not lead to
/// another site (CSP `form-action`).
pub async fn at_bank(State(gateway): State<Gateway>, visit: Visit) -> Answer {
    let loaded = visit.load(&gateway).await?;
    if loaded.bank_page().is_none() {
        return Ok(loaded.to_page(None));
    }
    let html = pages::leaving_to_bank(&loaded.frame());
    Ok(loaded.page(StatusCode::OK, html))
}

/// `GET /pay/{id}/return`: the payer comes back from the bank, which is read again; what the query
/// says of the order is a hint which one.
pub async fn returned(
    State(gateway): State<Gateway>,
    State(limits): State<Arc<ClientLimits>>,
    visit: Visit,
) -> Answer {
    // The bank was told the language in which the payer left, and sends it back as `lang`.
    let loaded = visit.load(&gateway).await?;
    let hinted = visit.query("orderId").or_else(|| visit.query("mdOrder"));
    if let Some(attempt) = worth_a_look(&loaded, hinted) {
        look(&gateway, &limits, &loaded, attempt).await?;
    }
    Ok(loaded.to_page(None))
}

/// The attempt that a returning payer has the bank read for. A payer's reload must not use up the
/// few late looks, so past the session's grace only the worker looks.
fn worth_a_look(loaded: &Loaded, order_id: Option<&str>) -> Option<u16> {
    let of_order = |attempt: &&Attempt| {
        let opened = attempt.card().and_then(|card| card.opened.as_ref());
        opened.is_some_and(|opened| Some(opened.order_id.as_str()) == order_id)
    };
    let attempts = &loaded.aggregate.attempts;
    let named = attempts.iter().find(of_order);
    let attempt = named.or_else(|| loaded.open_card().map(|(attempt, _)| attempt))?;
    let card = attempt.card()?;
    let grace_ends_at = card.session_ends_at.plus_secs(limits::INQUIRY_GRACE_SECS);
    (loaded.now < grace_ends_at).then_some(attempt.number)
}

/// Reads an attempt at its bank, to the end, even if the payer closes the tab meanwhile.
pub(super) async fn look(
    gateway: &Gateway,
    limits: &ClientLimits,
    loaded: &Loaded,
    attempt: u16,
) -> Result<Look, Turned> {
    limits.bank_looks.take(loaded.client, loaded.now).map_err(|error| loaded.too_many(error))?;
    let (gateway, payment) = (gateway.clone(), loaded.payment().id);
    let looking = tokio::spawn(async move { look_for_payer(&gateway, payment, attempt).await });
    // A panic was reported where it happened; the attempt is looked at again.
    let looked = looking.await.unwrap_or(Err(LookError::Store(qisma_store::RunError::Internal)));
    looked.map_err(|error| loaded.look_failed(error))
}
