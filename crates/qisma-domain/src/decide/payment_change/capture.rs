//! Taking a payment's money: dividing it, booking it, and saying so, in one change.

use rand_core::Rng;
use std::collections::BTreeSet;

use super::PaymentChange;
use crate::account::{Account, AccountKind};
use crate::attempt::{AbandonReason, Attempt};
use crate::authorization::{Authorization, Step};
use crate::changes::LegShare;
use crate::event::EventKind;
use crate::ids::{HoldId, MerchantId};
use crate::journal::EntryKind;
use crate::merchant::Merchant;
use crate::money::Amount;
use crate::payment::{PaymentState, Settlement};
use crate::postings::{Source, of_capture};

impl PaymentChange<'_> {
    /// Takes the payment's money, or only notes that it is held, where the merchant wants to take it
    /// later.
    pub fn capture_or_hold(&mut self, attempt: &Attempt, source: Source, rng: &mut dyn Rng) {
        match self.payment.hold_secs {
            None => self.capture(attempt, source, self.payment.amount, rng),
            Some(hold_secs) => {
                self.abandon_open_attempt(Some(attempt.number), AbandonReason::PaymentEnded);
                let held = Authorization::begin(attempt.number, self.now, hold_secs);
                self.payment.authorization = Some(held);
                self.become_state(PaymentState::Authorized);
                self.emit(EventKind::PaymentAuthorized, rng);
            }
        }
    }

    /// Captures so much of the payment: state, shares, journal, event and deliveries in one change.
    pub fn capture(
        &mut self,
        attempt: &Attempt,
        source: Source,
        amount: Amount,
        rng: &mut dyn Rng,
    ) {
        self.abandon_open_attempt(Some(attempt.number), AbandonReason::PaymentEnded);
        self.divide(amount);
        let can_receive =
            |id: &MerchantId| self.see.merchants.get(id).is_some_and(Merchant::can_receive);
        let legs = self.payment.legs.iter().filter(|leg| !leg.share().is_zero());
        let receivers = legs.map(|leg| leg.destination);
        let parked: BTreeSet<MerchantId> = receivers.filter(|id| !can_receive(id)).collect();
        let has_millimes = self.platform_has_millimes();
        let postings = of_capture(&self.payment, amount, source, (&parked, has_millimes));
        let reference = self.payment.id.to_string();
        self.post(EntryKind::Capture, reference, postings, rng);
        if let Some(held) = &mut self.payment.authorization {
            held.go_to(Step::Ended, None);
        }
        if let Source::Card(_) = source {
            let at = self.see.calendar.settles_at(self.now);
            self.payment.settlement = Some(Settlement { at, is_booked: false });
        }
        let (attempt, at) = (attempt.number, self.now);
        self.become_state(PaymentState::Captured { attempt, amount, at });
        self.emit(EventKind::PaymentSucceeded, rng);
        if !parked.is_empty() {
            self.emit(EventKind::LegParked, rng);
        }
    }

    /// Divides what is captured among the legs.
    fn divide(&mut self, captured: Amount) {
        self.payment.divide(captured);
        let payment = self.payment.id;
        let told =
            self.payment.legs.iter().filter_map(|leg| {
                Some(LegShare { payment, leg: leg.number, amount: leg.captured? })
            });
        self.extra.leg_shares.extend(told);
    }

    /// Says that what the entries of this change take was reserved before, by this hold: they are folded
    /// where that is. To be said before anything is booked.
    pub fn take_from_hold(&mut self, hold: HoldId) {
        assert!(self.extra.entries.is_empty(), "an entry was booked before its hold was named");
        self.hold = Some(hold);
    }

    /// What the platform has available for a fee. A hold is of a payer's wallet and answers for nothing
    /// else, so what is folded where that is takes nothing from the platform that must be there: it is
    /// owed instead.
    fn platform_has_millimes(&self) -> i64 {
        let (kind, payment) = (AccountKind::Available, &self.payment);
        let account = Account::merchant(payment.merchant, kind, payment.mode, payment.currency);
        let balance = self.see.balances.get(&account.id()).filter(|_| self.hold.is_none());
        balance.map_or(0, |balance| balance.available_millimes().max(0))
    }
}
