//! Bringing a refund to its end at the acquirer, for the request that made it and for the worker: sent
//! once, and where the answer was lost, asked after before anything is sent again.
//!
//! **Invariant:** only sums decide. One refund of a payment is at the acquirer at a time, so what the
//! acquirer gave back of the order in all is either what we know of, or that and this refund.

use qisma_domain::attempt::CardAttempt;
use qisma_domain::decide::payment_change::PaymentNotFound;
use qisma_domain::decide::record_refund::{RecordRefund, RefundReport};
use qisma_domain::decide::send_refund::{SendRefund, Sending};
use qisma_domain::ids::{Mode, PaymentId, RefundId};
use qisma_domain::limits;
use qisma_domain::money::Amount;
use qisma_domain::refund::{Refund, RefundState, given_back};
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::time::Timestamp;
use qisma_store::{Fence, ReadError, RunError};
use tokio::sync::Notify;

use super::client_of;
use super::outcome::status;
use crate::acquirers::smt::{ChangeAnswer, OrderState, SmtClient, StatusAnswer};
use crate::gateway::Gateway;

/// Told when a refund, or held money, may have to be looked after sooner than was planned; each mode has a
/// worker.
#[derive(Debug, Default)]
pub struct RefundNews {
    test: Notify,
    live: Notify,
}

impl RefundNews {
    /// The news of one mode.
    pub const fn of(&self, mode: Mode) -> &Notify {
        match mode {
            Mode::Test => &self.test,
            Mode::Live => &self.live,
        }
    }

    /// Tells the workers of both modes.
    pub fn tell_all(&self) {
        self.test.notify_one();
        self.live.notify_one();
    }
}

/// Why a refund was not brought further. Its next look goes on.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// There is no such refund by card.
    #[error("there is no such refund by card")]
    NotFound,
    /// What became of it could not be recorded.
    #[error("what became of it could not be recorded: {0}")]
    Store(RunError<PaymentNotFound>),
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<RunError<PaymentNotFound>> for RefundError {
    fn from(error: RunError<PaymentNotFound>) -> Self {
        match error {
            RunError::Refused(PaymentNotFound) => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

/// What the acquirer is asked for, and since when.
struct Asking {
    amount: Amount,
    id: RefundId,
    sent_at: Timestamp,
    given_back_millimes: i64,
    is_first: bool,
}

/// A refund on its way through one round.
struct Round<'a> {
    gateway: &'a Gateway,
    seen: &'a PaymentAggregate,
    refund: &'a Refund,
    card: &'a CardAttempt,
    fence: &'a Fence,
}

/// Takes a refund as far as it goes now. One that is under way in another's hands is left alone until
/// its look is due.
pub async fn go_on(
    gateway: &Gateway,
    payment: PaymentId,
    number: u16,
    fence: &Fence,
) -> Result<(), RefundError> {
    let found = gateway.store.read(move |reader| reader.payment_by_link(&payment)).await?;
    let seen = found.ok_or(RefundError::NotFound)?;
    let refund = seen.refund(number).ok_or(RefundError::NotFound)?;
    let paid_by = seen.captured_attempt().and_then(|attempt| attempt.card());
    let card = paid_by.ok_or(RefundError::NotFound)?;
    if !fence.holds(gateway.now()) {
        return Err(RefundError::Store(RunError::Superseded));
    }
    let round = Round { gateway, seen: &seen, refund, card, fence };
    let is_due = refund.next_look_at.is_some_and(|due| due <= gateway.now());
    match refund.state {
        RefundState::Pending => round.send(false).await.map(drop),
        RefundState::Sent { .. } | RefundState::Unknown { .. } if is_due => round.ask_after().await,
        // Final, or in somebody's hands.
        _ => Ok(()),
    }
}

impl Round<'_> {
    fn client(&self) -> Option<&SmtClient> {
        client_of(self.gateway, self.card.acquirer)
    }

    /// Asks for the money, if this is the one who may. Tells whether it was.
    async fn send(&self, nothing_came_of_it: bool) -> Result<bool, RefundError> {
        let (payment, number) = (self.refund.payment, self.refund.number);
        let command = SendRefund { payment, number, nothing_came_of_it };
        match self.gateway.store.run_fenced(command, self.fence).await? {
            Sending::Wait => Ok(false),
            Sending::Ask { card, amount, id, sent_at, given_back_millimes, is_first } => {
                let asking = Asking { amount, id, sent_at, given_back_millimes, is_first };
                let report = self.ask(&card, &asking).await;
                self.record(report, Some(sent_at)).await?;
                Ok(true)
            }
        }
    }

    async fn ask(&self, card: &CardAttempt, asking: &Asking) -> RefundReport {
        let Asking { amount, id, sent_at, given_back_millimes, is_first } = *asking;
        let Some(client) = self.client() else {
            tracing::error!(refund = %id, "the acquirer of a refund is not set up any more");
            return RefundReport::NoAnswer;
        };
        let Some(order_id) = order_id_of(client, card).await else {
            return RefundReport::NoAnswer;
        };
        // Whoever was held up for long must not ask any more: another may be about to.
        let now = self.gateway.now();
        let leaves_by = sent_at.plus_secs(limits::REFUND_LEAVES_SECS);
        if leaves_by < now || !self.fence.holds(now) {
            return RefundReport::NoAnswer;
        }
        let id = id.to_string();
        match client.refund(&order_id, amount.millimes(), &id).await {
            ChangeAnswer::Done => RefundReport::Done,
            // A refusal is believed only of the first asking and where nothing was given back: some builds
            // refuse what they have done before, or are doing.
            ChangeAnswer::Refused { code } => match self.sums(given_back_millimes).await {
                RefundReport::NotDone if is_first => RefundReport::Refused { code },
                RefundReport::NotDone => RefundReport::NoAnswer,
                other => other,
            },
            ChangeAnswer::Unknown(reason) => {
                tracing::warn!(refund = id, %reason, "whether a refund was made is not known");
                RefundReport::NoAnswer
            }
        }
    }

    /// Asks what came of it, and where that is nothing, asks for the money again.
    async fn ask_after(&self) -> Result<(), RefundError> {
        let report = self.sums(given_back(&self.seen.refunds).millimes()).await;
        if report == RefundReport::NotDone && self.send(true).await? {
            return Ok(());
        }
        self.record(report, None).await
    }

    /// What the acquirer's sums say of this refund, if it had given back so much before.
    async fn sums(&self, before: i64) -> RefundReport {
        let Some(client) = self.client() else { return RefundReport::NoAnswer };
        let StatusAnswer::Order(facts) = status(client, self.card).await else {
            return RefundReport::NoAnswer;
        };
        if facts.order_number != self.card.order_number {
            return RefundReport::NoAnswer;
        }
        let given = match facts.state {
            OrderState::Deposited | OrderState::Refunded | OrderState::Partial
                if facts.refunded_is_told =>
            {
                facts.refunded_millimes
            }
            // Voided as a whole, and not by us.
            OrderState::Reversed => facts.amount_millimes,
            _ => return RefundReport::NoAnswer,
        };
        if given == before {
            RefundReport::NotDone
        } else if before.checked_add(self.refund.amount.millimes()) == Some(given) {
            RefundReport::Done
        } else {
            RefundReport::SumsDiffer
        }
    }

    async fn record(
        &self,
        report: RefundReport,
        sent_at: Option<Timestamp>,
    ) -> Result<(), RefundError> {
        let (payment, number, id) = (self.refund.payment, self.refund.number, self.refund.id);
        let command = RecordRefund { payment, number, report, sent_at };
        let state = self.gateway.store.run_fenced(command, self.fence).await?;
        match report {
            RefundReport::Refused { code } => {
                tracing::error!(refund = %id, code, "the acquirer refuses a refund: it has failed");
            }
            RefundReport::SumsDiffer => tracing::error!(
                refund = %id,
                "the acquirer gave back another sum than ours: an operator has to decide"
            ),
            _ => tracing::info!(refund = %id, state = state.as_str(), "a refund was looked after"),
        }
        // One that stood behind it is due now, or its own look has come nearer.
        self.gateway.refund_news.of(self.seen.payment.mode).notify_one();
        Ok(())
    }
}

/// The acquirer's own id of the order, where our books do not have it from its answer.
pub(super) async fn order_id_of(client: &SmtClient, card: &CardAttempt) -> Option<String> {
    if let Some(opened) = &card.opened {
        return Some(opened.order_id.clone());
    }
    match status(client, card).await {
        StatusAnswer::Order(facts) if facts.order_number == card.order_number => facts.order_id,
        _ => None,
    }
}
