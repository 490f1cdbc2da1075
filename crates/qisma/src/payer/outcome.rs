//! Reading an attempt at its bank: the one function behind the payer's return, callbacks, the inquiry
//! worker, changes of way and cancellations, so that they cannot disagree.

use qisma_domain::attempt::{
    AbandonReason, Attempt, AttemptState, CardAttempt, CardDetails, DeclineClass, Reversal,
};
use qisma_domain::card::CardFingerprint;
use qisma_domain::decide::abandon_attempt::AbandonAttempt;
use qisma_domain::decide::payment_change::PaymentNotFound;
use qisma_domain::decide::record_decline::RecordDecline;
use qisma_domain::decide::record_outcome::{ApprovalFacts, BankReport, Outcome, RecordOutcome};
use qisma_domain::ids::PaymentId;
use qisma_domain::limits;
use qisma_domain::payment::Payment;
use qisma_domain::time::Timestamp;
use qisma_store::{Fence, ReadError, RunError};

use super::card_limits;
use super::client_of;
use super::give_back::give_back;
use crate::acquirers::smt::{
    self, ExpectedFacts, FactMismatch, OrderFacts, OrderState, SmtClient, StatusAnswer, StatusBy,
};
use crate::gateway::Gateway;

/// What a look at the bank came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// What was recorded.
    pub outcome: Outcome,
    /// Whether the bank said at this very moment that nobody has paid the order: only then may the
    /// payer leave it.
    pub unpaid: bool,
}

/// Why a look has no result. The attempt's next look finds out.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// There is no such card attempt.
    #[error("there is no such card attempt")]
    NotFound,
    /// What the bank said could not be recorded.
    #[error("what the bank said could not be recorded: {0}")]
    Store(RunError<PaymentNotFound>),
    /// The attempt could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<RunError<PaymentNotFound>> for LookError {
    fn from(error: RunError<PaymentNotFound>) -> Self {
        match error {
            RunError::Refused(PaymentNotFound) => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

/// Reads an attempt at its bank and records what the bank says. An attempt of which the bank has
/// nothing more to say is not asked for again, nor one that may still be on its way to the bank.
pub async fn look_at(
    gateway: &Gateway,
    payment_id: PaymentId,
    attempt_number: u16,
) -> Result<Look, LookError> {
    look_at_fenced(gateway, payment_id, attempt_number, &Fence::none()).await
}

/// The same for the worker, as long as the payment's shard is this gateway's.
pub async fn look_at_fenced(
    gateway: &Gateway,
    payment_id: PaymentId,
    attempt_number: u16,
    fence: &Fence,
) -> Result<Look, LookError> {
    look(gateway, payment_id, attempt_number, false, fence).await
}

/// The same for a payer, who may ask as often as they like: while one look at the attempt runs, the
/// next is answered from what is recorded.
pub async fn look_for_payer(
    gateway: &Gateway,
    payment_id: PaymentId,
    attempt_number: u16,
) -> Result<Look, LookError> {
    let Some(_running) = gateway.payer_looks.begin(payment_id, attempt_number) else {
        return Ok(Look { outcome: Outcome::Open, unpaid: false });
    };
    let _call = gateway.payer_looks.calls.acquire().await.expect("nobody closes it");
    look_at(gateway, payment_id, attempt_number).await
}

/// The same for whoever asked for the order's registration and knows that this call is over.
pub(super) async fn look_after_registration(
    gateway: &Gateway,
    payment_id: PaymentId,
    attempt_number: u16,
) -> Result<Look, LookError> {
    look(gateway, payment_id, attempt_number, true, &Fence::none()).await
}

async fn look(
    gateway: &Gateway,
    payment_id: PaymentId,
    attempt_number: u16,
    registration_is_over: bool,
    fence: &Fence,
) -> Result<Look, LookError> {
    let found = gateway.store.read(move |reader| reader.payment_by_link(&payment_id)).await?;
    let aggregate = found.ok_or(LookError::NotFound)?;
    let attempt = aggregate.attempt(attempt_number).ok_or(LookError::NotFound)?;
    let card = attempt.card().ok_or(LookError::NotFound)?;
    if !fence.holds(gateway.now()) {
        return Err(LookError::Store(RunError::Superseded));
    }
    if matches!(card.reversal, Reversal::Due | Reversal::RefundDue) {
        give_back(gateway, &aggregate.payment, attempt.number, card, fence).await?;
        gateway.inquiries.notify_one();
        return Ok(Look { outcome: Outcome::Unwanted, unpaid: false });
    }
    let is_due = card.next_look_at.is_some_and(|due| due <= gateway.now());
    if attempt.state == AttemptState::Init && !registration_is_over && !is_due {
        // Read now, an order whose page is about to be known would be taken for a lost one.
        return Ok(Look { outcome: Outcome::Open, unpaid: false });
    }
    if is_settled(attempt, card) {
        return Ok(Look { outcome: outcome_of(attempt.state), unpaid: false });
    }
    let (report, used) = ask(gateway, &aggregate.payment, card).await;
    record(gateway, &aggregate.payment, (attempt, used), report, fence).await
}

/// Whether nothing can follow what is recorded. A decline is not such a thing: some banks let the
/// payer try again on the same page, so whoever asks has the order read once more.
fn is_settled(attempt: &Attempt, card: &CardAttempt) -> bool {
    matches!(attempt.state, AttemptState::Approved { .. } | AttemptState::Voided { .. })
        && card.next_look_at.is_none()
        && !card.needs_operator
}

const fn outcome_of(state: AttemptState) -> Outcome {
    match state {
        AttemptState::Approved { .. } => Outcome::Captured,
        _ => Outcome::Unchanged,
    }
}

async fn record(
    gateway: &Gateway,
    of: &Payment,
    (attempt, used): (&Attempt, Option<CardFingerprint>),
    report: BankReport,
    fence: &Fence,
) -> Result<Look, LookError> {
    let (payment, number) = (of.id, attempt.number);
    let card = attempt.card().ok_or(LookError::NotFound)?;
    let unpaid = report == BankReport::Unpaid;
    let has_no_page = card.opened.is_none() && of.channel.terminal().is_none();
    if unpaid && has_no_page && attempt.state.is_open() {
        // The order exists, but the answer with its page was lost: nobody can ever pay it, and
        // waiting for it would hold the payment up until its end. (A terminal needs no page.)
        let reason = AbandonReason::NotOpened;
        let leave = AbandonAttempt { payment, attempt: number, reason };
        let left = gateway.store.run_fenced(leave, fence);
        return match left.await {
            Ok(()) | Err(RunError::Refused(_)) => Ok(Look { outcome: Outcome::Declined, unpaid }),
            Err(error) => Err(of_other_refusal(error)),
        };
    }
    let command = RecordOutcome { payment, attempt: number, report: report.clone() };
    let outcome = match (&report, used) {
        (BankReport::Declined { .. }, Some(card)) => {
            gateway.store.run_fenced(RecordDecline { outcome: command, card }, fence).await?
        }
        _ => gateway.store.run_fenced(command, fence).await?,
    };
    gateway.address_limits.ended(payment, outcome, used.is_some(), gateway.now());
    if let (Outcome::Captured, Some(card)) = (outcome, used) {
        card_limits::flag(gateway, payment, card).await;
    }
    alarm(gateway.now(), attempt, card, &report, outcome);
    let is_over = matches!(
        outcome,
        Outcome::Captured | Outcome::Authorized | Outcome::Declined | Outcome::Unchanged
    );
    if !is_over {
        // The next look may have come nearer than the worker thinks.
        gateway.inquiries.notify_one();
    }
    Ok(Look { outcome, unpaid })
}

/// The error of a command whose refusal was dealt with.
pub(super) fn of_other_refusal<R>(error: RunError<R>) -> LookError {
    error.without_refusal().map_or(LookError::NotFound, LookError::Store)
}

/// Asks the bank about an order: by the bank's id when we know it, else by ours.
pub(super) async fn status(client: &SmtClient, card: &CardAttempt) -> StatusAnswer {
    let by = card.opened.as_ref().map_or(StatusBy::OrderNumber(&card.order_number), |opened| {
        StatusBy::OrderId(&opened.order_id)
    });
    client.status(by).await
}

/// What the bank says, and the card that it says it of, where it tells.
async fn ask(
    gateway: &Gateway,
    payment: &Payment,
    card: &CardAttempt,
) -> (BankReport, Option<CardFingerprint>) {
    let Some(client) = client_of(gateway, card.acquirer) else {
        tracing::error!(
            order_number = card.order_number,
            "the acquirer of this order is not set up any more: set acquirers.smt.* again"
        );
        return (BankReport::NoAnswer, None);
    };
    let report = match status(client, card).await {
        StatusAnswer::Order(facts) => {
            let report = report_of(payment, card, &client.settings().currency, &facts);
            return (report, card_used(gateway, payment, &facts));
        }
        StatusAnswer::NotRegistered => BankReport::NotRegistered,
        // A refusal to say and an answer that cannot be understood are no declines: the payer may
        // have paid.
        StatusAnswer::Refused { code } => {
            tracing::error!(
                order_number = card.order_number,
                code,
                "the acquirer refuses to say where an order stands: check our user and password"
            );
            BankReport::NoAnswer
        }
        StatusAnswer::Unknown(reason) => {
            tracing::warn!(order_number = card.order_number, %reason, "an order could not be read");
            BankReport::NoAnswer
        }
    };
    (report, None)
}

fn card_used(gateway: &Gateway, payment: &Payment, facts: &OrderFacts) -> Option<CardFingerprint> {
    let card = facts.card.as_ref()?;
    let (masked_pan, expiry) = (card.masked_pan.as_deref()?, card.expiration.as_deref()?);
    Some(gateway.keyring.card_fingerprint(payment.mode.as_str(), masked_pan, expiry))
}

/// What an answer says of our attempt. The domain compares the facts once more before it believes
/// an approval.
fn report_of(
    payment: &Payment,
    card: &CardAttempt,
    currency: &str,
    facts: &OrderFacts,
) -> BankReport {
    let expected = ExpectedFacts {
        order_number: &card.order_number,
        order_id: card.opened.as_ref().map(|opened| opened.order_id.as_str()),
        amount_millimes: payment.amount.millimes(),
        currency,
    };
    let mismatches = smt::fact_mismatches(&expected, facts);
    if !mismatches.is_empty() {
        tracing::error!(
            order_number = card.order_number,
            ?mismatches,
            state = ?facts.state,
            "an order differs from what was registered: read it at the bank's back office"
        );
    }
    let same_order = !mismatches
        .iter()
        .any(|fact| matches!(fact, FactMismatch::OrderNumber | FactMismatch::OrderId));
    match facts.state {
        OrderState::Deposited => {
            let (facts, card) = approved(payment, currency, facts, &mismatches);
            BankReport::Approved { facts, card }
        }
        OrderState::PreAuthorized if same_order && payment.hold_secs.is_some() => {
            let (facts, card) = approved(payment, currency, facts, &mismatches);
            BankReport::Held { facts, card }
        }
        // Of another order than ours only an approval is worth an operator's time.
        _ if !same_order => BankReport::NoAnswer,
        OrderState::Registered | OrderState::AcsStarted => BankReport::Unpaid,
        OrderState::Declined { action_code, .. } => BankReport::Declined {
            class: class_of(smt::DeclineClass::of(action_code)),
            code: action_code.unwrap_or(0),
        },
        OrderState::Reversed | OrderState::Refunded => BankReport::GivenBack,
        // Money may be on its way, or held though nobody asked for that: neither paid nor free to be left.
        OrderState::PreAuthorized | OrderState::Pending | OrderState::Partial => {
            BankReport::NoAnswer
        }
    }
}

fn approved(
    payment: &Payment,
    currency: &str,
    facts: &OrderFacts,
    mismatches: &[FactMismatch],
) -> (ApprovalFacts, Box<CardDetails>) {
    // What was partly given back before we ever saw it is not what was asked for either.
    let amount_millimes = if mismatches.contains(&FactMismatch::Deposited) {
        facts.deposited_millimes
    } else {
        facts.amount_millimes - facts.refunded_millimes
    };
    // An operator may have registered us under another number than the currency's own.
    let as_registered = facts.currency == currency;
    let currency = if as_registered { payment.currency.number() } else { &facts.currency };
    let card = facts.card.clone().unwrap_or_default();
    let facts = ApprovalFacts {
        order_number: facts.order_number.clone(),
        order_id: facts.order_id.clone().unwrap_or_default(),
        amount_millimes,
        currency: currency.to_owned(),
    };
    let card = CardDetails {
        masked_pan: card.masked_pan.unwrap_or_default(),
        expiration: card.expiration.unwrap_or_default(),
        cardholder_name: card.cardholder_name.unwrap_or_default(),
        payment_system: card.payment_system.unwrap_or_default(),
        approval_code: card.approval_code.unwrap_or_default(),
        bank_country_code: card.bank_country_code.unwrap_or_default(),
        binding_id: card.binding_id.map(String::from).unwrap_or_default(),
    };
    (facts, Box::new(card))
}

const fn class_of(class: smt::DeclineClass) -> DeclineClass {
    match class {
        smt::DeclineClass::InsufficientFunds => DeclineClass::InsufficientFunds,
        smt::DeclineClass::Limit => DeclineClass::Limit,
        smt::DeclineClass::InvalidCard => DeclineClass::InvalidCard,
        smt::DeclineClass::Expired => DeclineClass::Expired,
        smt::DeclineClass::Authentication => DeclineClass::Authentication,
        smt::DeclineClass::CanceledByPayer => DeclineClass::CanceledByPayer,
        smt::DeclineClass::TimedOut => DeclineClass::TimedOut,
        smt::DeclineClass::Other(_) => DeclineClass::Other,
    }
}

/// Says what an operator has to know.
fn alarm(
    now: Timestamp,
    attempt: &Attempt,
    card: &CardAttempt,
    report: &BankReport,
    outcome: Outcome,
) {
    let order_number = card.order_number.as_str();
    let was_approved = matches!(attempt.state, AttemptState::Approved { .. });
    match (report, outcome) {
        (BankReport::Declined { code, .. }, _) if was_approved => {
            tracing::error!(order_number, code, "the bank declines an order that it had approved");
        }
        (BankReport::NotRegistered, Outcome::Open) if card.opened.is_some() => {
            tracing::error!(order_number, "the bank does not know an order that it has opened");
        }
        (BankReport::GivenBack, _) if card.reversal == Reversal::NotDue => {
            tracing::error!(order_number, "an order was given back, and not by us");
        }
        (_, Outcome::FactsDiffer) => {
            tracing::error!(order_number, "an approval is not believed: an operator has to decide");
        }
        (_, Outcome::Unwanted) => {
            tracing::warn!(order_number, "an approval came too late or twice: it is given back");
        }
        (_, Outcome::Open)
            if is_last_look(card)
                && card.session_ends_at.plus_secs(limits::INQUIRY_GRACE_SECS) <= now =>
        {
            tracing::error!(order_number, "the bank never told: an operator has to decide");
        }
        _ => {}
    }
}

fn is_last_look(card: &CardAttempt) -> bool {
    limits::INQUIRY_LATE_STEPS_SECS.len() <= usize::from(card.late_looks)
}
