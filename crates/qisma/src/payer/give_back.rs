//! Giving an unwanted approval back, or letting go what is held: reversed, or refunded where the bank no
//! longer reverses what it took. The bank is always read first, so that an answer that was lost is never
//! asked for twice.

use qisma_domain::attempt::{CardAttempt, Reversal};
use qisma_domain::decide::record_reversal::{RecordReversal, ReversalReport};
use qisma_domain::payment::Payment;
use qisma_store::{Fence, RunError};

use super::client_of;
use super::outcome::{LookError, status};
use crate::acquirers::smt::{ChangeAnswer, OrderFacts, OrderState, SmtClient, StatusAnswer};
use crate::gateway::Gateway;

/// Takes giving back one step further, and records how that went.
pub(super) async fn give_back(
    gateway: &Gateway,
    payment: &Payment,
    attempt: u16,
    card: &CardAttempt,
    fence: &Fence,
) -> Result<Reversal, LookError> {
    let report = match client_of(gateway, card.acquirer) {
        Some(client) => step(gateway, client, card, fence).await?,
        None => ReversalReport::NoAnswer,
    };
    let order_number = card.order_number.as_str();
    let command = RecordReversal { payment: payment.id, attempt, report };
    let reversal = gateway.store.run_fenced(command, fence).await?;
    match report {
        ReversalReport::GivenBack => {
            tracing::info!(order_number, "an approval was given back");
        }
        ReversalReport::HoldKept => tracing::error!(
            order_number,
            "the bank does not let go what it holds: an operator has to see to it"
        ),
        ReversalReport::Refused if card.reversal == Reversal::RefundDue => tracing::error!(
            order_number,
            "the bank neither reverses nor refunds an order: an operator has to give it back"
        ),
        ReversalReport::Refused => {
            tracing::warn!(order_number, "the bank does not reverse an order: it is refunded");
        }
        ReversalReport::NoAnswer => {
            tracing::warn!(order_number, "whether an order was given back is not known yet");
        }
    }
    Ok(reversal)
}

async fn step(
    gateway: &Gateway,
    client: &SmtClient,
    card: &CardAttempt,
    fence: &Fence,
) -> Result<ReversalReport, LookError> {
    let StatusAnswer::Order(facts) = status(client, card).await else {
        return Ok(ReversalReport::NoAnswer);
    };
    if facts.order_number != card.order_number {
        return Ok(ReversalReport::NoAnswer);
    }
    match facts.state {
        OrderState::Reversed | OrderState::Refunded => Ok(ReversalReport::GivenBack),
        // Asking how it stands may have taken longer than the lease.
        OrderState::Deposited | OrderState::PreAuthorized if !fence.holds(gateway.now()) => {
            Err(LookError::Store(RunError::Superseded))
        }
        OrderState::Deposited => Ok(ask_back(client, card, &facts).await),
        OrderState::PreAuthorized => Ok(let_go(client, card, &facts).await),
        // It was approved before: anything else is looked at again.
        _ => Ok(ReversalReport::NoAnswer),
    }
}

/// Lets go what the bank only holds: nothing was taken, so nothing can be refunded.
async fn let_go(client: &SmtClient, card: &CardAttempt, facts: &OrderFacts) -> ReversalReport {
    let known = card.opened.as_ref().map(|opened| opened.order_id.as_str());
    let Some(order_id) = known.or(facts.order_id.as_deref()) else {
        return ReversalReport::NoAnswer;
    };
    match client.reverse(order_id).await {
        ChangeAnswer::Done => ReversalReport::GivenBack,
        ChangeAnswer::Refused { .. } => ReversalReport::HoldKept,
        ChangeAnswer::Unknown(_) => ReversalReport::NoAnswer,
    }
}

async fn ask_back(client: &SmtClient, card: &CardAttempt, facts: &OrderFacts) -> ReversalReport {
    let known = card.opened.as_ref().map(|opened| opened.order_id.as_str());
    let Some(order_id) = known.or(facts.order_id.as_deref()) else {
        return ReversalReport::NoAnswer;
    };
    let answer = if card.reversal == Reversal::RefundDue {
        let left_millimes = facts.amount_millimes - facts.refunded_millimes;
        if left_millimes <= 0 {
            return ReversalReport::NoAnswer;
        }
        // The order's own number: asked twice, it gives back once.
        client.refund(order_id, left_millimes, &card.order_number).await
    } else {
        client.reverse(order_id).await
    };
    match answer {
        ChangeAnswer::Done => ReversalReport::GivenBack,
        ChangeAnswer::Refused { .. } => ReversalReport::Refused,
        ChangeAnswer::Unknown(_) => ReversalReport::NoAnswer,
    }
}
