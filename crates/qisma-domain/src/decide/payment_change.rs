//! What the commands on one payment share: a working copy that collects its changes.

mod capture;

use rand_core::Rng;

use crate::attempt::{AbandonReason, Attempt, AttemptState, CardAttempt, Reversal};
use crate::authorization::Authorization;
use crate::challenge::Challenge;
use crate::changes::Changes;
use crate::delivery::{Delivery, DeliveryMethod, DeliveryState};
use crate::event::{Event, EventKind, RefundTold, body_of, is_success};
use crate::ids::{DeliveryId, EntryId, EventId, HoldId, PaymentId};
use crate::journal::{EntryKind, FoldAt, JournalEntry, Postings};
use crate::limits;
use crate::payment::{FailureReason, Payment, PaymentState};
use crate::refund::{Refund, refundable};
use crate::snapshot::{PaymentAggregate, Snapshot};
use crate::time::Timestamp;

/// The payment is not there. A stranger's payment is not there either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("payment not found")]
pub struct PaymentNotFound;

/// A payment that is being changed. Each row's version rises once, however often it is touched.
pub struct PaymentChange<'a> {
    see: &'a Snapshot,
    before: &'a PaymentAggregate,
    /// The payment as it will be.
    pub payment: Payment,
    attempts: Vec<Attempt>,
    challenges: Vec<Challenge>,
    /// All of its refunds, as they will be.
    refunds: Vec<Refund>,
    extra: Changes,
    /// What reserves the money that this change's entries take.
    hold: Option<HoldId>,
    /// The moment of the change: never before the payment's last one.
    pub now: Timestamp,
    /// What the clock said. The payment's moments may be ahead of it; what is to be done, is due by
    /// the clock.
    clock_now: Timestamp,
}

impl<'a> PaymentChange<'a> {
    /// Begins to change a payment.
    pub fn begin(
        see: &'a Snapshot,
        id: &PaymentId,
        now: Timestamp,
    ) -> Result<Self, PaymentNotFound> {
        let before = see.payments.get(id).ok_or(PaymentNotFound)?;
        let (clock_now, now) = (now, before.payment.next_moment(now));
        Ok(Self {
            see,
            before,
            payment: before.payment.clone(),
            attempts: vec![],
            challenges: vec![],
            refunds: before.refunds.clone(),
            extra: Changes::none(),
            hold: None,
            now,
            clock_now,
        })
    }

    /// The payment with its attempts and codes, as they were.
    pub const fn before(&self) -> &'a PaymentAggregate {
        self.before
    }

    /// Moves the payment; the caller has looked at its state before.
    pub fn become_state(&mut self, to: PaymentState) {
        let version = self.before.payment.version + 1;
        self.payment.become_state(to, self.now).expect("the command checked the state");
        self.payment.updated_at = self.now;
        self.payment.version = version;
    }

    /// Notes that something about the payment changes.
    pub fn touch(&mut self) {
        if self.payment.version == self.before.payment.version {
            self.payment.touch(self.now);
            self.payment.updated_at = self.now;
        }
    }

    /// Puts an attempt as it will be.
    pub fn put_attempt(&mut self, mut attempt: Attempt) {
        let before = self.before.attempt(attempt.number).map_or(0, |before| before.version);
        attempt.updated_at = self.now;
        attempt.version = before + 1;
        self.attempts.retain(|other| other.number != attempt.number);
        self.attempts.push(attempt);
    }

    /// Puts a code as it will be.
    pub fn put_challenge(&mut self, mut challenge: Challenge) {
        let before = self.before.challenges.iter().find(|old| old.id == challenge.id);
        challenge.version = before.map_or(0, |before| before.version) + 1;
        self.challenges.retain(|other| other.id != challenge.id);
        self.challenges.push(challenge);
    }

    /// Puts a refund as it will be.
    pub fn put_refund(&mut self, mut refund: Refund) {
        let before = self.before.refund(refund.number).map_or(0, |before| before.version);
        refund.updated_at = self.now;
        refund.version = before + 1;
        match self.refunds.iter_mut().find(|old| old.number == refund.number) {
            Some(old) => *old = refund,
            None => self.refunds.push(refund),
        }
    }

    /// Puts what is held for the payment as it will be.
    pub fn put_authorization(&mut self, authorization: Authorization) {
        self.payment.authorization = Some(authorization);
        self.touch();
    }

    /// The payment's refunds, as they will be.
    pub fn refunds(&self) -> &[Refund] {
        &self.refunds
    }

    /// Further rows of the same change.
    pub const fn extra(&mut self) -> &mut Changes {
        &mut self.extra
    }

    /// Ends the open attempt, if there is one and it is not `except`; its code can no longer be
    /// typed. A card order that was registered keeps its next look: it can still be paid.
    pub fn abandon_open_attempt(&mut self, except: Option<u16>, reason: AbandonReason) {
        let Some(open) = self.before.open_attempt().cloned() else { return };
        if except == Some(open.number) {
            return;
        }
        let mut attempt = open;
        attempt.state = AttemptState::Abandoned { reason };
        self.put_attempt(attempt);
        self.end_live_challenge();
    }

    /// Makes the code that may still be typed useless.
    pub fn end_live_challenge(&mut self) {
        if let Some(live) = self.before.live_challenge() {
            let mut challenge = live.clone();
            challenge.ended = true;
            self.put_challenge(challenge);
        }
    }

    /// Ends the payment without money.
    pub fn end(&mut self, to: PaymentState, rng: &mut dyn Rng) {
        self.abandon_open_attempt(None, AbandonReason::PaymentEnded);
        self.become_state(to);
        let kind = EventKind::of_end(&to).expect("the command ends the payment");
        self.emit(kind, rng);
    }

    /// What becomes of the payment after its open attempt was declined: another may be made, or
    /// none is left, or the time is over (T7 to T9).
    pub fn after_decline(&mut self, rng: &mut dyn Rng) {
        let now = self.now;
        if self.payment.expires_at <= now {
            self.end_without_attempt(PaymentState::Expired { at: now }, rng);
        } else if self.attempts_max() <= self.declined_count() || self.charge_has_failed() {
            let reason = FailureReason::Declined;
            self.end_without_attempt(PaymentState::Failed { reason, at: now }, rng);
        } else {
            self.become_state(PaymentState::Created);
        }
    }

    /// Attempts that a rail may decline: at a terminal, the first one's answer is the transaction's.
    const fn attempts_max(&self) -> usize {
        if self.payment.channel.terminal().is_some() { 1 } else { limits::ATTEMPTS_MAX }
    }

    /// What becomes of the payment after its open attempt was left.
    pub fn after_abandon(&mut self, rng: &mut dyn Rng) {
        let now = self.now;
        if self.payment.expires_at <= now {
            self.end_without_attempt(PaymentState::Expired { at: now }, rng);
        } else if self.charge_has_failed() {
            let reason = FailureReason::Declined;
            self.end_without_attempt(PaymentState::Failed { reason, at: now }, rng);
        } else {
            self.become_state(PaymentState::Created);
        }
    }

    /// Whether this change ends the charge of a saved card without money. The shop is told so instead
    /// of being given a page to try another way on, so the payment ends with it; only a payer who was
    /// sent to the bank and came back may still choose.
    fn charge_has_failed(&self) -> bool {
        let failed = |attempt: &Attempt| match attempt.state {
            AttemptState::Declined { .. } => true,
            AttemptState::Abandoned { reason } => reason != AbandonReason::PayerLeft,
            _ => false,
        };
        let is_saved = |attempt: &Attempt| attempt.card().is_some_and(|card| card.saved.is_some());
        self.attempts.iter().any(|attempt| is_saved(attempt) && failed(attempt))
    }

    /// Ends the payment without money, after its open attempt has been put as ended.
    pub fn end_without_attempt(&mut self, to: PaymentState, rng: &mut dyn Rng) {
        self.become_state(to);
        self.emit(EventKind::of_end(&to).expect("the command ends the payment"), rng);
    }

    /// Attempts that a rail has declined, this change's included.
    pub fn declined_count(&self) -> usize {
        let declined = |attempt: &&Attempt| matches!(attempt.state, AttemptState::Declined { .. });
        let after = self.attempts.iter().filter(declined).count();
        let untouched = |attempt: &&Attempt| {
            !self.attempts.iter().any(|changed| changed.number == attempt.number)
        };
        after + self.before.attempts.iter().filter(untouched).filter(declined).count()
    }

    /// Books money of this payment.
    pub fn post(
        &mut self,
        kind: EntryKind,
        reference: String,
        postings: Postings,
        rng: &mut dyn Rng,
    ) {
        self.extra.entries.push(JournalEntry {
            id: EntryId::mint(self.payment.id.shard(), self.now, rng),
            kind,
            reference,
            payment: Some(self.payment.id),
            at: self.now,
            postings,
            fold: self.hold.map_or(FoldAt::Commit, |hold| FoldAt::Later { hold: Some(hold) }),
        });
    }

    /// Records an event, and a delivery of it where the payment's webhook hears of such things.
    pub fn emit(&mut self, kind: EventKind, rng: &mut dyn Rng) {
        self.emit_about(kind, None, rng);
    }

    /// Records an event of a refund. The payment's webhook does not hear of it.
    pub fn emit_refund(&mut self, kind: EventKind, number: u16, rng: &mut dyn Rng) {
        let refund = self.refunds.iter().find(|refund| refund.number == number).cloned();
        self.emit_about(kind, refund.as_ref(), rng);
    }

    fn emit_about(&mut self, kind: EventKind, refund: Option<&Refund>, rng: &mut dyn Rng) {
        self.touch();
        self.payment.sequence += 1;
        let shard = self.payment.id.shard();
        let told = refund.map(|refund| RefundTold {
            refund,
            refundable: refundable(&self.payment, &self.refunds),
        });
        let event = Event {
            id: EventId::mint(shard, self.now, rng),
            payment: self.payment.id,
            sequence: self.payment.sequence,
            kind,
            body: body_of(&self.payment, told, kind, self.payment.sequence, self.now),
            at: self.now,
        };
        if let Some(webhook) = self.payment.webhook.as_ref().filter(|_| kind.is_told()) {
            let success = is_success(&self.payment.state);
            self.extra.deliveries.push(Delivery {
                id: DeliveryId::mint(shard, self.now, rng),
                event: event.id,
                payment: self.payment.id,
                app: self.payment.app,
                url: webhook.webhook_target(&self.payment.id, success),
                post_url: webhook.as_str().to_owned(),
                origin: webhook.origin(),
                method: DeliveryMethod::Get,
                state: DeliveryState::Pending { next_at: self.clock_now },
                tries: 0,
                last_result: None,
                replay: false,
                created_at: self.now,
                version: 1,
            });
        }
        self.extra.events.push(event);
    }

    /// The change, complete.
    pub fn finish(self) -> Changes {
        let mut changes = self.extra;
        if self.payment != self.before.payment {
            changes.payments.push(self.payment);
        }
        changes.attempts.extend(self.attempts);
        changes.challenges.extend(self.challenges);
        let is_new = |refund: &Refund| self.before.refund(refund.number) != Some(refund);
        changes.refunds.extend(self.refunds.into_iter().filter(is_new));
        changes
    }
}

/// Marks a card attempt as one whose bank is final: it is not looked at again, and nothing is left
/// for an operator.
pub fn bank_is_final(attempt: &mut Attempt) {
    no_more_looks(attempt);
    if let Some(card) = attempt.card_mut() {
        card.needs_operator = false;
    }
}

/// Marks a card attempt as one that is not looked at again. What an operator was asked before, such
/// as about an approval with other facts, is still asked.
pub fn no_more_looks(attempt: &mut Attempt) {
    if let Some(card) = attempt.card_mut() {
        card.next_look_at = None;
    }
}

/// Marks a card attempt's money as due back to the payer, to be looked after at once.
pub fn reversal_is_due(attempt: &mut Attempt, now: Timestamp) {
    if let Some(card) = attempt.card_mut() {
        card.reversal = Reversal::Due;
        reversal_is_due_again(card, now);
    }
}

/// Looks after money that is due back at once. Giving back has looks of its own: those that were
/// spent before do not count against it.
pub const fn reversal_is_due_again(card: &mut CardAttempt, now: Timestamp) {
    card.next_look_at = Some(now);
    card.looks = 0;
    card.late_looks = 0;
    card.needs_operator = false;
}
