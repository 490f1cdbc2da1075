//! Money that is held until the merchant takes it or lets it go (ADR 0024): asking the acquirer to take it,
//! once, and where the answer was lost, asking after it before anything is asked again; and letting go what
//! nobody has taken in time.
//!
//! **Invariant:** only what the acquirer says it took decides. It takes of an order once, so it has taken
//! nothing, or what we asked for, or an operator is asked.

use qisma_domain::account::{Account, Acquirer};
use qisma_domain::attempt::CardAttempt;
use qisma_domain::authorization::Step;
use qisma_domain::decide::payment_change::PaymentNotFound;
use qisma_domain::decide::record_capture::{CaptureReport, RecordCapture};
use qisma_domain::decide::record_release::RecordRelease;
use qisma_domain::decide::release_payment::{ReleasePayment, ReleaseWhy};
use qisma_domain::decide::send_capture::{Capturing, SendCapture};
use qisma_domain::ids::{HoldId, Mode, PaymentId};
use qisma_domain::limits;
use qisma_domain::money::Amount;
use qisma_domain::payment::Payment;
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::time::Timestamp;
use qisma_store::{Fence, OpenHold, ReadError, RunError};

use super::client_of;
use super::outcome::status;
use super::refund::order_id_of;
use crate::acquirers::smt::{ChangeAnswer, OrderState, SmtClient, StatusAnswer};
use crate::gateway::Gateway;
use crate::workers::holds::{self, HoldError};

/// Why held money was not brought further. Its next look goes on.
#[derive(Debug, thiserror::Error)]
pub enum HeldError {
    /// Nothing is held for such a payment.
    #[error("nothing is held for such a payment")]
    NotFound,
    /// What became of it could not be recorded.
    #[error("what became of it could not be recorded: {0}")]
    Store(RunError<PaymentNotFound>),
    /// A wallet's hold could not be freed.
    #[error("the hold is not free yet: {0}")]
    Hold(#[from] HoldError),
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<RunError<PaymentNotFound>> for HeldError {
    fn from(error: RunError<PaymentNotFound>) -> Self {
        match error {
            RunError::Refused(PaymentNotFound) => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

/// Takes held money as far as it goes now. A capture that is under way in another's hands is left alone
/// until its look is due.
pub async fn go_on(gateway: &Gateway, payment: PaymentId, fence: &Fence) -> Result<(), HeldError> {
    let found = gateway.store.read(move |reader| reader.payment_by_link(&payment)).await?;
    let seen = found.ok_or(HeldError::NotFound)?;
    let held = seen.payment.authorization.as_ref().ok_or(HeldError::NotFound)?;
    let now = gateway.now();
    if !fence.holds(now) {
        return Err(HeldError::Store(RunError::Superseded));
    }
    let is_due = held.next_look_at.is_some_and(|due| due <= now);
    let capture = |card| Capture { gateway, payment, card, fence };
    let card = seen.authorized_attempt().and_then(|attempt| attempt.card());
    match held.step {
        Step::Held if held.is_overdue(now) => expire(gateway, payment, fence).await,
        Step::CapturePending { .. } => {
            capture(card.ok_or(HeldError::NotFound)?).send(false).await.map(drop)
        }
        Step::CaptureSent { amount, .. } | Step::CaptureUnknown { amount, .. } if is_due => {
            capture(card.ok_or(HeldError::NotFound)?).ask_after(amount).await
        }
        Step::Releasing => free(gateway, &seen, fence).await,
        // Held, over, or in somebody's hands.
        _ => Ok(()),
    }
}

/// The wallet's hold of a payment; none where a card's issuer holds the money.
pub fn wallet_hold(seen: &PaymentAggregate) -> Option<HoldId> {
    let attempt = seen.authorized_attempt()?;
    let wallet = attempt.wallet()?.wallet?;
    let account = Account::wallet(wallet, seen.payment.mode, seen.payment.currency);
    Some(HoldId::of(&account.id(), &seen.payment.id, attempt.number))
}

/// Lets go what nobody has taken in time, if that is so: whoever looks at the payment then sees what the
/// worker is about to write. Tells whether it has to be read again.
pub async fn expire_if_overdue(gateway: &Gateway, payment: &Payment) -> Result<bool, HeldError> {
    let held = payment.authorization.as_ref();
    if !held.is_some_and(|held| held.is_overdue(gateway.now())) {
        return Ok(false);
    }
    expire(gateway, payment.id, &Fence::none()).await.map(|()| true)
}

async fn expire(gateway: &Gateway, payment: PaymentId, fence: &Fence) -> Result<(), HeldError> {
    let command = ReleasePayment { payment, why: ReleaseWhy::Expired };
    match gateway.store.run_fenced(command, fence).await {
        Ok(_) => {
            let_go(gateway, payment).await;
            Ok(())
        }
        // Somebody was faster, or it is not due after all.
        Err(RunError::Refused(_)) => Ok(()),
        Err(error) => Err(error.without_refusal().map_or(HeldError::NotFound, HeldError::Store)),
    }
}

/// Sees to it that what was let go is free again: a wallet's at once, a card's by the worker that gives
/// unwanted approvals back. What fails here, a worker does.
pub async fn let_go(gateway: &Gateway, payment: PaymentId) {
    gateway.inquiries.notify_one();
    let found = gateway.store.read(move |reader| reader.payment_by_link(&payment)).await;
    let freed = match found {
        Ok(Some(seen)) if is_releasing(&seen.payment) => free(gateway, &seen, &Fence::none()).await,
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    };
    if let Err(error) = freed {
        tracing::warn!(%payment, %error, "a hold is not free yet; a worker sees to it");
    }
}

fn is_releasing(payment: &Payment) -> bool {
    payment.authorization.as_ref().is_some_and(|held| held.step == Step::Releasing)
}

/// Frees the wallet's hold, which may be in another shard, and notes that it is free.
async fn free(gateway: &Gateway, seen: &PaymentAggregate, fence: &Fence) -> Result<(), HeldError> {
    let payment = seen.payment.id;
    let (id, attempt) =
        wallet_hold(seen).zip(seen.authorized_attempt()).ok_or(HeldError::NotFound)?;
    let hold = OpenHold { id, payment, attempt: attempt.number };
    // Its shard may be another gateway's; that a hold is freed once and by its end is guarded in it.
    holds::release(gateway, hold, &Fence::none()).await?;
    gateway.store.run_fenced(RecordRelease { payment }, fence).await?;
    Ok(())
}

/// A capture on its way through one round.
struct Capture<'a> {
    gateway: &'a Gateway,
    payment: PaymentId,
    card: &'a CardAttempt,
    fence: &'a Fence,
}

impl Capture<'_> {
    fn client(&self) -> Option<&SmtClient> {
        client_of(self.gateway, self.card.acquirer)
    }

    /// Asks for the money, if this is the one who may. Tells whether it was.
    async fn send(&self, nothing_came_of_it: bool) -> Result<bool, HeldError> {
        let command = SendCapture { payment: self.payment, nothing_came_of_it };
        match self.gateway.store.run_fenced(command, self.fence).await? {
            Capturing::Wait => Ok(false),
            Capturing::Ask { amount, sent_at, is_first, .. } => {
                let report = self.ask(amount, sent_at, is_first).await;
                self.record(report, Some(sent_at)).await?;
                Ok(true)
            }
        }
    }

    async fn ask(&self, amount: Amount, sent_at: Timestamp, is_first: bool) -> CaptureReport {
        let Some(client) = self.client() else {
            tracing::error!(payment = %self.payment, "the acquirer of a hold is not set up any more");
            return CaptureReport::NoAnswer;
        };
        let Some(order_id) = order_id_of(client, self.card).await else {
            return CaptureReport::NoAnswer;
        };
        // Whoever was held up for long must not ask any more: another may be about to.
        let now = self.gateway.now();
        if sent_at.plus_secs(limits::REFUND_LEAVES_SECS) < now || !self.fence.holds(now) {
            return CaptureReport::NoAnswer;
        }
        match client.deposit(&order_id, amount.millimes()).await {
            ChangeAnswer::Done => CaptureReport::Done,
            // A refusal is believed only of the first asking and where nothing was taken: some builds refuse
            // what they have done before, or are doing.
            ChangeAnswer::Refused { code } => match self.taken(amount).await {
                CaptureReport::NotDone if is_first => CaptureReport::Refused { code },
                CaptureReport::NotDone => CaptureReport::NoAnswer,
                CaptureReport::Refused { .. } => CaptureReport::Refused { code },
                other => other,
            },
            ChangeAnswer::Unknown(reason) => {
                tracing::warn!(payment = %self.payment, %reason, "whether held money was taken is not known");
                CaptureReport::NoAnswer
            }
        }
    }

    /// Asks what came of it, and where that is nothing, asks for the money again.
    async fn ask_after(&self, amount: Amount) -> Result<(), HeldError> {
        let report = self.taken(amount).await;
        if report == CaptureReport::NotDone && self.send(true).await? {
            return Ok(());
        }
        self.record(report, None).await
    }

    /// What the acquirer says it took of the order.
    async fn taken(&self, amount: Amount) -> CaptureReport {
        let Some(client) = self.client() else { return CaptureReport::NoAnswer };
        let StatusAnswer::Order(facts) = status(client, self.card).await else {
            return CaptureReport::NoAnswer;
        };
        if facts.order_number != self.card.order_number {
            return CaptureReport::NoAnswer;
        }
        match facts.state {
            OrderState::PreAuthorized => CaptureReport::NotDone,
            OrderState::Deposited | OrderState::Partial
                if facts.deposited_millimes == amount.millimes()
                    && facts.refunded_millimes == 0 =>
            {
                CaptureReport::Done
            }
            OrderState::Deposited | OrderState::Partial | OrderState::Refunded => {
                CaptureReport::SumsDiffer
            }
            // It let go what it held, and not because we said so: there is nothing left to take.
            OrderState::Reversed => CaptureReport::Refused { code: 0 },
            _ => CaptureReport::NoAnswer,
        }
    }

    async fn record(
        &self,
        report: CaptureReport,
        sent_at: Option<Timestamp>,
    ) -> Result<(), HeldError> {
        let payment = self.payment;
        let command = RecordCapture { payment, report, sent_at };
        self.gateway.store.run_fenced(command, self.fence).await?;
        match report {
            CaptureReport::Refused { code } => {
                tracing::error!(%payment, code, "the acquirer refuses to take what it holds");
            }
            CaptureReport::SumsDiffer => tracing::error!(
                %payment,
                "the acquirer took another sum than ours: an operator has to decide"
            ),
            _ => tracing::info!(%payment, ?report, "a capture was looked after"),
        }
        // The next look may have come nearer than the worker thinks.
        self.gateway.refund_news.of(self.mode()).notify_one();
        Ok(())
    }

    const fn mode(&self) -> Mode {
        match self.card.acquirer {
            Acquirer::Sandbox => Mode::Test,
            Acquirer::Smt => Mode::Live,
        }
    }
}
