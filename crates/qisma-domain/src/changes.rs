//! What a command wants changed: rows whole, entries and events appended. The lane writes all of it
//! in one transaction, or none.

use crate::app::{App, KeyPair};
use crate::attempt::Attempt;
use crate::card::CardWindow;
use crate::challenge::Challenge;
use crate::delivery::{Delivery, LearnedMethod};
use crate::event::Event;
use crate::hold::Hold;
use crate::idempotency::{IdempotencyRow, IdempotencyScope};
use crate::ids::PaymentId;
use crate::journal::{FoldAt, JournalEntry, LineKey, UnfoldedLine};
use crate::merchant::Merchant;
use crate::money::Amount;
use crate::payment::Payment;
use crate::refund::Refund;
use crate::terminal::Terminal;
use crate::wallet::{PhoneWindow, Wallet};

/// What a leg got of a capture that was not of the whole payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegShare {
    /// The leg's payment.
    pub payment: PaymentId,
    /// The leg's number.
    pub leg: u16,
    /// How much.
    pub amount: Amount,
}

/// The changes of one command.
///
/// A row with version 1 is new; any other replaces the row whose version is one less. A command
/// raises the version of each row it changes by exactly one, which is what lets the lane fold a
/// batch's changes of one row into one write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Payments, with their legs when new.
    pub payments: Vec<Payment>,
    /// What legs of a payment that is there got of a capture of a part of it; each of them once.
    pub leg_shares: Vec<LegShare>,
    /// Attempts.
    pub attempts: Vec<Attempt>,
    /// Codes.
    pub challenges: Vec<Challenge>,
    /// Refunds, with their parts when new.
    pub refunds: Vec<Refund>,
    /// Idempotency keys that are forgotten; before those that are added.
    pub idempotency_pruned: Vec<IdempotencyScope>,
    /// Idempotency keys; only ever added.
    pub idempotency: Vec<IdempotencyRow>,
    /// Merchants.
    pub merchants: Vec<Merchant>,
    /// Apps.
    pub apps: Vec<App>,
    /// Key pairs.
    pub key_pairs: Vec<KeyPair>,
    /// Terminals; only ever added.
    pub terminals: Vec<Terminal>,
    /// Wallets.
    pub wallets: Vec<Wallet>,
    /// Windows of sent codes.
    pub phone_windows: Vec<PhoneWindow>,
    /// Windows of declined cards that are forgotten, as they were; before those that follow.
    pub card_windows_forgotten: Vec<CardWindow>,
    /// Windows of declined cards.
    pub card_windows: Vec<CardWindow>,
    /// Journal entries; only ever added.
    pub entries: Vec<JournalEntry>,
    /// Holds.
    pub holds: Vec<Hold>,
    /// Lines of entries that were written before, added to their accounts now.
    pub folded: Vec<UnfoldedLine>,
    /// Lines that no longer wait for their fold.
    pub no_longer_unfolded: Vec<LineKey>,
    /// Events; only ever added.
    pub events: Vec<Event>,
    /// Deliveries.
    pub deliveries: Vec<Delivery>,
    /// Methods learned of receivers; the latest wins.
    pub learned: Vec<LearnedMethod>,
}

impl Changes {
    /// No change.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many rows this writes, to bound a batch.
    pub fn rows(&self) -> usize {
        let postings: usize = self.entries.iter().map(|entry| entry.postings.lines().len()).sum();
        let unfolded: usize = self.entries.iter().map(|entry| entry.unfolded_lines().count()).sum();
        let legs: usize = self
            .payments
            .iter()
            .filter(|payment| payment.version == 1)
            .map(|payment| payment.legs.len())
            .sum();
        let new_refunds = self.refunds.iter().filter(|refund| refund.version == 1);
        let parts: usize = new_refunds.map(|refund| refund.parts.len()).sum();
        self.payments.len()
            + legs
            + self.leg_shares.len()
            + self.refunds.len()
            + parts
            + self.attempts.len()
            + self.challenges.len()
            + self.idempotency_pruned.len()
            + self.idempotency.len()
            + self.merchants.len()
            + self.apps.len()
            + self.key_pairs.len()
            + self.terminals.len()
            + self.wallets.len()
            + self.phone_windows.len()
            + self.card_windows_forgotten.len()
            + self.card_windows.len()
            + self.entries.len()
            + postings
            + unfolded
            + self.holds.len()
            + self.folded.len()
            + self.no_longer_unfolded.len()
            + self.events.len()
            + self.deliveries.len()
            + self.learned.len()
    }

    /// Leaves the fold of its entries to the worker, where that can be.
    pub fn defer_folds(&mut self) {
        self.entries.iter_mut().for_each(JournalEntry::defer);
    }

    /// Whether it writes lines that wait for their fold.
    pub fn has_unfolded(&self) -> bool {
        self.entries.iter().any(|entry| entry.fold != FoldAt::Commit)
    }

    /// Whether it changes who may call, and how.
    pub fn has_callers(&self) -> bool {
        !(self.merchants.is_empty() && self.apps.is_empty() && self.key_pairs.is_empty())
    }

    /// Takes in the changes of a command that came after.
    pub fn append(&mut self, mut later: Self) {
        self.payments.append(&mut later.payments);
        self.leg_shares.append(&mut later.leg_shares);
        self.attempts.append(&mut later.attempts);
        self.challenges.append(&mut later.challenges);
        self.refunds.append(&mut later.refunds);
        self.idempotency_pruned.append(&mut later.idempotency_pruned);
        self.idempotency.append(&mut later.idempotency);
        self.merchants.append(&mut later.merchants);
        self.apps.append(&mut later.apps);
        self.key_pairs.append(&mut later.key_pairs);
        self.terminals.append(&mut later.terminals);
        self.wallets.append(&mut later.wallets);
        self.phone_windows.append(&mut later.phone_windows);
        self.card_windows_forgotten.append(&mut later.card_windows_forgotten);
        self.card_windows.append(&mut later.card_windows);
        self.entries.append(&mut later.entries);
        self.holds.append(&mut later.holds);
        self.folded.append(&mut later.folded);
        self.no_longer_unfolded.append(&mut later.no_longer_unfolded);
        self.events.append(&mut later.events);
        self.deliveries.append(&mut later.deliveries);
        self.learned.append(&mut later.learned);
    }
}
