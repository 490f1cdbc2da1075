//! Record what the bank says of an order. Redirect, callback, poll and late answer all end here,
//! and the same news twice changes nothing.

use rand_core::Rng;

use super::Decide;
use super::payment_change::{
    PaymentChange, PaymentNotFound, bank_is_final, no_more_looks, reversal_is_due,
};
use super::record_reversal::record_given_back;
use crate::attempt::{AbandonReason, Attempt, AttemptState, CardDetails, DeclineClass, Reversal};
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::journal::EntryKind;
use crate::limits::INQUIRY_GRACE_SECS;
use crate::payment::PaymentState;
use crate::postings::{Source, of_unwanted_approval};
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// What an approval must agree on before a word of it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalFacts {
    /// Our reference, as the bank repeats it.
    pub order_number: String,
    /// The bank's id of the order; empty when it does not repeat it.
    pub order_id: String,
    /// What was taken, in millimes.
    pub amount_millimes: i64,
    /// ISO 4217 number of the currency.
    pub currency: String,
}

/// What the bank says of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankReport {
    /// It took the money.
    Approved {
        /// To be compared with what we asked for.
        facts: ApprovalFacts,
        /// The card that paid.
        card: Box<CardDetails>,
    },
    /// It holds the money, and takes it when it is told to.
    Held {
        /// To be compared with what we asked for.
        facts: ApprovalFacts,
        /// The card that is to pay.
        card: Box<CardDetails>,
    },
    /// It will never take the money.
    Declined {
        /// Why, in our words.
        class: DeclineClass,
        /// Why, in its number.
        code: i64,
    },
    /// It waits for the payer.
    Unpaid,
    /// It does not know the order.
    NotRegistered,
    /// The money has gone back to the payer.
    GivenBack,
    /// It did not answer, or not in a way that can be understood.
    NoAnswer,
}

/// Record what the bank says.
#[derive(Clone, Debug)]
pub struct RecordOutcome {
    /// The payment.
    pub payment: PaymentId,
    /// Its attempt.
    pub attempt: u16,
    /// What the bank says.
    pub report: BankReport,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The payment is captured by this attempt, now or before.
    Captured,
    /// The payment's money is held by this attempt, now or before.
    Authorized,
    /// Approved, but nobody should have paid: the money goes back.
    Unwanted,
    /// The attempt was declined.
    Declined,
    /// Not final: it is looked at again.
    Open,
    /// Approved with other facts than ours: not believed, an operator is asked.
    FactsDiffer,
    /// Nothing new.
    Unchanged,
}

impl Decide for RecordOutcome {
    type Answer = Outcome;
    type Refusal = PaymentNotFound;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(Outcome, Changes), PaymentNotFound> {
        let mut change = PaymentChange::begin(see, &self.payment, now)?;
        let attempt = change.before().attempt(self.attempt).ok_or(PaymentNotFound)?.clone();
        if attempt.card().is_none() {
            return Err(PaymentNotFound);
        }
        let outcome = match &self.report {
            BankReport::Approved { facts, card } => {
                approved(&mut change, attempt, (facts, false), card, rng)
            }
            BankReport::Held { facts, card } => {
                approved(&mut change, attempt, (facts, true), card, rng)
            }
            BankReport::Declined { class, code } => {
                declined(&mut change, attempt, *class, *code, rng)
            }
            BankReport::NotRegistered => not_registered(&mut change, attempt, now, rng),
            BankReport::Unpaid => unpaid(&mut change, attempt),
            BankReport::NoAnswer => look_again(&mut change, attempt, true),
            BankReport::GivenBack => given_back(&mut change, attempt, rng),
        };
        Ok((outcome, change.finish()))
    }
}

fn facts_agree(
    change: &PaymentChange<'_>,
    attempt: &Attempt,
    (facts, is_held): (&ApprovalFacts, bool),
) -> bool {
    let Some(card) = attempt.card() else { return false };
    let same_order = card
        .opened
        .as_ref()
        .is_none_or(|opened| facts.order_id.is_empty() || opened.order_id == facts.order_id);
    same_order
        && change.payment.hold_secs.is_some() == is_held
        && card.order_number == facts.order_number
        && change.payment.amount.millimes() == facts.amount_millimes
        && change.payment.currency.number() == facts.currency
}

fn approved(
    change: &mut PaymentChange<'_>,
    mut attempt: Attempt,
    facts: (&ApprovalFacts, bool),
    details: &CardDetails,
    rng: &mut dyn Rng,
) -> Outcome {
    match attempt.state {
        AttemptState::Approved { .. } if attempt_is_unwanted(&attempt) => {
            return Outcome::Unwanted;
        }
        AttemptState::Approved { .. } => return wanted(change),
        AttemptState::Voided { .. } => return Outcome::Unchanged,
        _ => {}
    }
    if !facts_agree(change, &attempt, facts) {
        if let Some(card) = attempt.card_mut() {
            card.needs_operator = true;
        }
        look_again(change, attempt, false);
        return Outcome::FactsDiffer;
    }
    let Some(card) = attempt.card_mut() else { return Outcome::Unchanged };
    card.card = Some(Box::new(details.clone()));
    let acquirer = card.acquirer;
    attempt.state = AttemptState::Approved { at: change.now };
    if !change.payment.state.awaits_payer() {
        let reference = attempt.card().map(|card| card.order_number.clone()).unwrap_or_default();
        reversal_is_due(&mut attempt, change.now);
        change.put_attempt(attempt);
        // What the bank only holds is nobody's money but the payer's: there is nothing to book.
        if change.payment.hold_secs.is_none() {
            let postings = of_unwanted_approval(&change.payment, acquirer);
            change.post(EntryKind::UnwantedApproval, reference, postings, rng);
        }
        return Outcome::Unwanted;
    }
    bank_is_final(&mut attempt);
    change.put_attempt(attempt.clone());
    change.capture_or_hold(&attempt, Source::Card(acquirer), rng);
    wanted(change)
}

/// What an approval came to that the payment wanted.
const fn wanted(change: &PaymentChange<'_>) -> Outcome {
    match change.payment.state {
        PaymentState::Authorized => Outcome::Authorized,
        _ => Outcome::Captured,
    }
}

/// Whether an approved attempt's money is on its way back.
fn attempt_is_unwanted(attempt: &Attempt) -> bool {
    attempt.card().is_some_and(|card| card.reversal != Reversal::NotDue)
}

/// Whether nobody waits for news of the order.
fn is_final(attempt: &Attempt) -> bool {
    attempt.card().is_some_and(|card| card.next_look_at.is_none() && !card.needs_operator)
}

fn declined(
    change: &mut PaymentChange<'_>,
    mut attempt: Attempt,
    class: DeclineClass,
    code: i64,
    rng: &mut dyn Rng,
) -> Outcome {
    let was_open = attempt.state.is_open();
    match attempt.state {
        // A decline after an approval is old news or a lie; the approval stands.
        AttemptState::Approved { .. } | AttemptState::Voided { .. } => {
            return look_again(change, attempt, false);
        }
        AttemptState::Declined { .. } | AttemptState::Abandoned { .. } => {
            if is_final(&attempt) {
                return Outcome::Declined;
            }
        }
        AttemptState::Init | AttemptState::Sent | AttemptState::Unknown => {
            attempt.state = AttemptState::Declined { class, code };
        }
    }
    no_more_looks(&mut attempt);
    change.put_attempt(attempt);
    if was_open {
        change.after_decline(rng);
    }
    Outcome::Declined
}

/// The order waits for its payer. At a terminal that is also how we learn that it was registered, when
/// the answer to that was lost: from then on whoever waits at the till may have it read.
fn unpaid(change: &mut PaymentChange<'_>, mut attempt: Attempt) -> Outcome {
    if is_at_terminal(change) && attempt.state == AttemptState::Init {
        attempt.state = AttemptState::Unknown;
    }
    look_again(change, attempt, false)
}

/// Whether the order is shown by a terminal, which needs no page of the bank to take it.
fn is_at_terminal(change: &PaymentChange<'_>) -> bool {
    change.payment.channel.terminal().is_some()
}

/// The bank does not know the order. One that it has opened may be paid all the same, so that answer
/// ends nothing: it is asked again, and an operator is told. Of another, nobody has the address of a page
/// that was never opened, so the payer may go on; but a registration may still be on its way, so the
/// order is looked at again until its session is over. A terminal shows what reaches it late to somebody
/// who pays, so there the payment waits that long, and the order is looked at for the grace after it.
fn not_registered(
    change: &mut PaymentChange<'_>,
    mut attempt: Attempt,
    now: Timestamp,
    rng: &mut dyn Rng,
) -> Outcome {
    if matches!(attempt.state, AttemptState::Approved { .. } | AttemptState::Voided { .. }) {
        return look_again(change, attempt, false);
    }
    if matches!(attempt.state, AttemptState::Declined { .. }) && is_final(&attempt) {
        return Outcome::Declined;
    }
    if attempt.card().is_some_and(|card| card.opened.is_some()) {
        if !is_final(&attempt)
            && let Some(card) = attempt.card_mut()
        {
            card.needs_operator = true;
        }
        return look_again(change, attempt, true);
    }
    let at_terminal = is_at_terminal(change);
    let is_over = |grace_secs: i64| {
        attempt.card().is_some_and(|card| card.session_ends_at.plus_secs(grace_secs) <= now)
    };
    let was_open = attempt.state.is_open();
    if at_terminal && was_open && !is_over(0) {
        return look_again(change, attempt, true);
    }
    let over = is_over(if at_terminal { INQUIRY_GRACE_SECS } else { 0 });
    if was_open {
        attempt.state = AttemptState::Abandoned { reason: AbandonReason::NotOpened };
    }
    if over {
        no_more_looks(&mut attempt);
    } else if let Some(card) = attempt.card_mut() {
        card.plan_next_look(false, change.now);
    }
    change.put_attempt(attempt);
    if was_open {
        change.after_abandon(rng);
    }
    Outcome::Declined
}

/// The money went back: by our own hand, whose answer was lost, or by the bank's, and then an
/// operator has to say why.
fn given_back(change: &mut PaymentChange<'_>, mut attempt: Attempt, rng: &mut dyn Rng) -> Outcome {
    let Some(card) = attempt.card_mut() else { return Outcome::Unchanged };
    match card.reversal {
        Reversal::Due | Reversal::RefundDue => {
            record_given_back(change, attempt, rng);
            return Outcome::Unwanted;
        }
        Reversal::Done => return Outcome::Unchanged,
        Reversal::NotDue => {}
    }
    if card.next_look_at.is_none() && card.needs_operator {
        return Outcome::Unchanged;
    }
    card.needs_operator = true;
    card.next_look_at = None;
    change.put_attempt(attempt);
    Outcome::Unchanged
}

fn look_again(change: &mut PaymentChange<'_>, mut attempt: Attempt, unanswered: bool) -> Outcome {
    if matches!(attempt.state, AttemptState::Approved { .. } | AttemptState::Voided { .. })
        && !attempt_is_unwanted(&attempt)
    {
        return Outcome::Unchanged;
    }
    if is_final(&attempt) {
        return Outcome::Unchanged;
    }
    let now = change.now;
    if unanswered && attempt.state == AttemptState::Init {
        attempt.state = AttemptState::Unknown;
    }
    if let Some(card) = attempt.card_mut() {
        card.plan_next_look(unanswered, now);
    }
    change.put_attempt(attempt);
    Outcome::Open
}
