//! Starting a card payment: three records with a call between them, each safe to lose power after
//! (ADR 0013). The attempt first, then the bank's page, then whatever the bank says of it.

use qisma_domain::account::Acquirer;
use qisma_domain::attempt::{AbandonReason, Opened};
use qisma_domain::binding::ClientRef;
use qisma_domain::decide::abandon_attempt::AbandonAttempt;
use qisma_domain::decide::record_opened::RecordOpened;
use qisma_domain::decide::record_outcome::Outcome;
use qisma_domain::decide::start_card::{CardStarted, StartCard, StartRefusal};
use qisma_domain::decide::start_limited_card::StartLimitedCard;
use qisma_domain::ids::PaymentId;
use qisma_domain::payment::Payment;
use qisma_store::RunError;

use super::card_limits::limits_of;
use super::client_of;
use super::outcome::{LookError, look_after_registration};
use crate::acquirers::smt::{RefusalKind, RegisterAnswer, RegisterOrder, SmtClient};
use crate::gateway::Gateway;
use crate::pages::Locale;

/// What became of the wish to pay by card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartedCard {
    /// The bank's page is open: the payer may go there.
    AtBank,
    /// The bank opened no page; another try may be made.
    Unavailable,
    /// Only the bank can say what happened, or the payment has moved on meanwhile.
    Waiting,
}

/// Why no card payment was started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The payment cannot be paid by card now.
    #[error("refused")]
    Refused(StartRefusal),
    /// The outcome could not be recorded; the attempt's next look finds out.
    #[error(transparent)]
    Look(#[from] LookError),
}

/// Starts a card payment, in the payer's language.
pub async fn start_card(
    gateway: &Gateway,
    payment: &Payment,
    merchant_name: &str,
    locale: Locale,
) -> Result<StartedCard, StartError> {
    start(gateway, payment, merchant_name, (locale, None)).await
}

/// Starts a payment at a terminal: the acquirer passes the order on to it. `terminal` says which one,
/// as the acquirer's own JSON.
pub async fn start_at_terminal(
    gateway: &Gateway,
    payment: &Payment,
    merchant_name: &str,
    terminal: &str,
) -> Result<StartedCard, StartError> {
    start(gateway, payment, merchant_name, (Locale::Fr, Some(terminal))).await
}

async fn start(
    gateway: &Gateway,
    payment: &Payment,
    merchant_name: &str,
    (locale, terminal): (Locale, Option<&str>),
) -> Result<StartedCard, StartError> {
    let acquirer = Acquirer::of_mode(payment.mode);
    let client =
        client_of(gateway, acquirer).ok_or(StartError::Refused(StartRefusal::RailNotAccepted))?;
    let start = StartCard { payment: payment.id, acquirer };
    let limited = StartLimitedCard { start, limits: limits_of(&gateway.config.cards) };
    let started = gateway.store.run(limited).await;
    let started = started.map_err(|error| match error {
        RunError::Refused(refusal) => StartError::Refused(refusal),
        error => StartError::Look(super::outcome::of_other_refusal(error)),
    })?;
    let order = Registration {
        payment: payment.id,
        acquirer,
        description: merchant_name,
        locale,
        client: payment.client.as_ref(),
        terminal,
    };
    Ok(match register(gateway, client, &order, &started).await? {
        Registered::Open { .. } => StartedCard::AtBank,
        Registered::Unavailable => StartedCard::Unavailable,
        Registered::Waiting => StartedCard::Waiting,
    })
}

/// An order to open for an attempt that has begun.
pub(super) struct Registration<'a> {
    pub payment: PaymentId,
    pub acquirer: Acquirer,
    /// Who is paid.
    pub description: &'a str,
    pub locale: Locale,
    /// Whose card it is.
    pub client: Option<&'a ClientRef>,
    /// The terminal that is to take it rather than the payer's browser, as the acquirer's own JSON.
    pub terminal: Option<&'a str>,
}

/// What became of it.
pub(super) enum Registered {
    /// The bank has the order, under this id.
    Open { order_id: String },
    /// The bank has no order, and the attempt is over.
    Unavailable,
    /// Only the bank can say what happened, or the payment has moved on meanwhile.
    Waiting,
}

/// Opens the order of an attempt at the bank, and records what came of it.
pub(super) async fn register(
    gateway: &Gateway,
    client: &SmtClient,
    order: &Registration<'_>,
    started: &CardStarted,
) -> Result<Registered, LookError> {
    let return_url = format!("{}pay/{}/return", gateway.public_url, order.payment);
    let callback_url =
        format!("{}acquirers/{}/callback", gateway.public_url, order.acquirer.as_str());
    let has_key = client.settings().callback_key.is_some();
    let register = RegisterOrder {
        order_number: &started.order_number,
        amount_millimes: started.amount.millimes(),
        return_url: &return_url,
        fail_url: &return_url,
        session_timeout_secs: u32::try_from(started.session_timeout_secs).unwrap_or(u32::MAX),
        language: order.locale.tag(),
        description: order.description,
        json_params: order.terminal,
        client_id: order.client.map(ClientRef::as_str),
        // A callback that we could not check would only be refused.
        dynamic_callback_url: has_key.then_some(callback_url.as_str()),
    };
    let answer = if started.is_hold {
        client.register_pre_auth(&register).await
    } else {
        client.register(&register).await
    };
    follow(gateway, order, started, answer).await
}

async fn follow(
    gateway: &Gateway,
    order: &Registration<'_>,
    started: &CardStarted,
    answer: RegisterAnswer,
) -> Result<Registered, LookError> {
    let payment = order.payment;
    let order_number = started.order_number.as_str();
    match answer {
        RegisterAnswer::Opened { order_id, page_url } => {
            record_opened(gateway, payment, started, Opened { order_id, page_url }).await
        }
        // A number is never used twice, so the bank has it from our own try.
        RegisterAnswer::Refused { kind: RefusalKind::Duplicate, .. } => {
            ask_at_once(gateway, order, started).await
        }
        RegisterAnswer::Refused { code, kind } => {
            tracing::error!(order_number, code, ?kind, "the acquirer refuses to open an order");
            leave(gateway, payment, started, AbandonReason::NotOpened).await
        }
        RegisterAnswer::NotSent => {
            tracing::error!(order_number, "the acquirer cannot be reached: check its URL");
            leave(gateway, payment, started, AbandonReason::NotOpened).await
        }
        RegisterAnswer::Unknown(reason) => {
            tracing::warn!(order_number, %reason, "whether an order was opened is not known");
            ask_at_once(gateway, order, started).await
        }
    }
}

async fn record_opened(
    gateway: &Gateway,
    payment: PaymentId,
    started: &CardStarted,
    opened: Opened,
) -> Result<Registered, LookError> {
    let order_id = opened.order_id.clone();
    let command = RecordOpened { payment, attempt: started.attempt, opened };
    match gateway.store.run_reserved(command).await {
        Ok(()) => Ok(Registered::Open { order_id }),
        // The attempt has ended meanwhile: its page is shown to nobody.
        Err(RunError::Refused(_)) => Ok(Registered::Waiting),
        Err(error) => Err(super::outcome::of_other_refusal(error)),
    }
}

/// Nobody can have paid the order, so the attempt is over.
pub(super) async fn leave(
    gateway: &Gateway,
    payment: PaymentId,
    started: &CardStarted,
    reason: AbandonReason,
) -> Result<Registered, LookError> {
    let command = AbandonAttempt { payment, attempt: started.attempt, reason };
    match gateway.store.run_reserved(command).await {
        Ok(()) => Ok(Registered::Unavailable),
        Err(RunError::Refused(_)) => Ok(Registered::Waiting),
        Err(error) => Err(super::outcome::of_other_refusal(error)),
    }
}

/// The order may exist: the bank is read before the payer is told anything. At a terminal a decline
/// means that somebody was asked already.
async fn ask_at_once(
    gateway: &Gateway,
    order: &Registration<'_>,
    started: &CardStarted,
) -> Result<Registered, LookError> {
    let look = look_after_registration(gateway, order.payment, started.attempt).await?;
    Ok(match look.outcome {
        Outcome::Declined if order.terminal.is_none() => Registered::Unavailable,
        _ => Registered::Waiting,
    })
}
