//! What a command sees: the rows it named, as they stand after the commands before it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::account::{Account, AccountKind, Balance};
use crate::app::{App, KeyPair};
use crate::attempt::Attempt;
use crate::calendar::Calendar;
use crate::card::{CardFingerprint, CardWindow, declined_cards};
use crate::challenge::Challenge;
use crate::changes::Changes;
use crate::delivery::{Delivery, LearnedMethod};
use crate::hold::Hold;
use crate::idempotency::{IdempotencyRow, IdempotencyScope};
use crate::ids::{AccountId, AppId, DeliveryId, HoldId, MerchantId, Mode, PaymentId, Shard};
use crate::journal::{FoldAt, LineKey};
use crate::merchant::Merchant;
use crate::payment::{Payment, PaymentState};
use crate::phone::Phone;
use crate::refund::Refund;
use crate::terminal::{Terminal, TerminalId};
use crate::wallet::{PhoneWindow, Wallet};

/// The rows that a batch of commands wants to see.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Payments, each with its legs, attempts and challenges.
    pub payments: BTreeSet<PaymentId>,
    /// Payments whose refunds are to be seen too; each of them is named above as well.
    pub refunds: BTreeSet<PaymentId>,
    /// Idempotency keys.
    pub idempotency: BTreeSet<IdempotencyScope>,
    /// Merchants.
    pub merchants: BTreeSet<MerchantId>,
    /// Apps.
    pub apps: BTreeSet<AppId>,
    /// Key pairs, by their public key.
    pub key_pairs: BTreeSet<String>,
    /// Terminals, by their owner.
    pub terminals: BTreeSet<(MerchantId, TerminalId)>,
    /// Wallets, by their phone.
    pub wallets: BTreeSet<(Mode, Phone)>,
    /// Windows of sent codes, by phone.
    pub phone_windows: BTreeSet<(Mode, Phone)>,
    /// Windows of declined cards.
    pub card_windows: BTreeSet<CardFingerprint>,
    /// Accounts whose balance decides something.
    pub balances: BTreeSet<AccountId>,
    /// Holds.
    pub holds: BTreeSet<HoldId>,
    /// Lines of accounts that may have been folded already.
    pub folded: BTreeSet<(AccountId, LineKey)>,
    /// Lines that may still wait for their fold.
    pub unfolded: BTreeSet<LineKey>,
    /// Deliveries.
    pub deliveries: BTreeSet<DeliveryId>,
    /// Methods learned of receivers.
    pub learned: BTreeSet<(AppId, String)>,
}

impl Keys {
    /// The shard of the first of them that has one: where a command's work is.
    pub fn shard(&self) -> Option<Shard> {
        let payment = self.payments.first().map(PaymentId::shard);
        let scope = || self.idempotency.first().map(IdempotencyScope::shard);
        let delivery = || self.deliveries.first().map(DeliveryId::shard);
        let account = || self.balances.first().map(AccountId::shard);
        let folded = || self.folded.first().map(|(account, _)| account.shard());
        let unfolded = || self.unfolded.first().map(|line| line.entry.shard());
        let hold = || self.holds.first().map(HoldId::shard);
        let card = || self.card_windows.first().map(CardFingerprint::shard);
        let of_books = || account().or_else(folded).or_else(unfolded).or_else(hold);
        payment.or_else(scope).or_else(delivery).or_else(of_books).or_else(card)
    }

    /// Names the rows of another command too.
    pub fn absorb(&mut self, other: Self) {
        self.payments.extend(other.payments);
        self.refunds.extend(other.refunds);
        self.idempotency.extend(other.idempotency);
        self.merchants.extend(other.merchants);
        self.apps.extend(other.apps);
        self.key_pairs.extend(other.key_pairs);
        self.terminals.extend(other.terminals);
        self.wallets.extend(other.wallets);
        self.phone_windows.extend(other.phone_windows);
        self.card_windows.extend(other.card_windows);
        self.balances.extend(other.balances);
        self.holds.extend(other.holds);
        self.folded.extend(other.folded);
        self.unfolded.extend(other.unfolded);
        self.deliveries.extend(other.deliveries);
        self.learned.extend(other.learned);
    }
}

/// A payment with everything that commits with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentAggregate {
    /// The payment and its legs.
    pub payment: Payment,
    /// Its attempts, by number.
    pub attempts: Vec<Attempt>,
    /// Codes sent for it.
    pub challenges: Vec<Challenge>,
    /// Its refunds, by number. A command sees them only where it names them: few payments have any.
    pub refunds: Vec<Refund>,
}

impl PaymentAggregate {
    /// A payment of which nothing else is known yet.
    pub const fn of(payment: Payment) -> Self {
        Self { payment, attempts: vec![], challenges: vec![], refunds: vec![] }
    }

    /// The attempt that paid.
    pub fn captured_attempt(&self) -> Option<&Attempt> {
        match self.payment.state {
            PaymentState::Captured { attempt, .. } => self.attempt(attempt),
            _ => None,
        }
    }

    /// The attempt by which its money is held, or was.
    pub fn authorized_attempt(&self) -> Option<&Attempt> {
        self.payment.authorization.as_ref().and_then(|held| self.attempt(held.attempt))
    }

    /// A refund by its number.
    pub fn refund(&self, number: u16) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.number == number)
    }

    /// The attempt that holds the payment's lock.
    pub fn open_attempt(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.state.is_open())
    }

    /// An attempt by its number.
    pub fn attempt(&self, number: u16) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.number == number)
    }

    /// The code that may still be typed.
    pub fn live_challenge(&self) -> Option<&Challenge> {
        self.challenges.iter().find(|challenge| !challenge.ended)
    }
}

/// The rows, loaded. A row that is absent does not exist.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Payments.
    pub payments: BTreeMap<PaymentId, PaymentAggregate>,
    /// Idempotency keys.
    pub idempotency: BTreeMap<IdempotencyScope, IdempotencyRow>,
    /// Merchants.
    pub merchants: BTreeMap<MerchantId, Merchant>,
    /// Apps.
    pub apps: BTreeMap<AppId, App>,
    /// Key pairs of the named apps and public keys.
    pub key_pairs: BTreeMap<String, KeyPair>,
    /// Terminals.
    pub terminals: BTreeMap<(MerchantId, TerminalId), Terminal>,
    /// Wallets.
    pub wallets: BTreeMap<(Mode, Phone), Wallet>,
    /// Windows of sent codes.
    pub phone_windows: BTreeMap<(Mode, Phone), PhoneWindow>,
    /// Windows of declined cards.
    pub card_windows: BTreeMap<CardFingerprint, CardWindow>,
    /// Balances; an account without postings stands at zero.
    pub balances: BTreeMap<AccountId, Balance>,
    /// Holds.
    pub holds: BTreeMap<HoldId, Hold>,
    /// Lines that are in their accounts' balances though they were written before.
    pub folded: BTreeSet<(AccountId, LineKey)>,
    /// Lines that wait for their fold.
    pub unfolded: BTreeSet<LineKey>,
    /// Deliveries.
    pub deliveries: BTreeMap<DeliveryId, Delivery>,
    /// Methods learned of receivers.
    pub learned: BTreeMap<(AppId, String), LearnedMethod>,
    /// The shard into which the batch mints what nothing ties to another; not set: one drawn for each.
    pub batch_shard: Option<Shard>,
    /// Which days banks work, by which a capture knows when its money is here.
    pub calendar: Arc<Calendar>,
}

impl Snapshot {
    /// The second round of loading: what the rows of the first one point to. A capture must know
    /// whether each leg's merchant can still receive, and what the payer's wallet holds; a code, how
    /// many wrong ones its phone has had; a further card attempt, how often its cards were declined.
    pub fn second_round(&self) -> Keys {
        let mut keys = Keys::default();
        for aggregate in self.payments.values() {
            let payment = &aggregate.payment;
            keys.merchants.extend(payment.legs.iter().map(|leg| leg.destination));
            keys.card_windows.extend(declined_cards(aggregate));
            let open = aggregate.open_attempt().and_then(Attempt::wallet);
            keys.phone_windows.extend(open.map(|open| (payment.mode, open.phone.clone())));
            if let Some(wallet) = open.and_then(|attempt| attempt.wallet) {
                let account = Account::wallet(wallet, payment.mode, payment.currency);
                keys.balances.insert(account.id());
            }
            // What the platform's share does not have of a fee is taken from what it has available.
            let is_charged = payment.fee_plan.is_some() && !payment.state.is_terminal();
            if is_charged && 0 < payment.borne().rest_millimes {
                let (kind, mode) = (AccountKind::Available, payment.mode);
                let account = Account::merchant(payment.merchant, kind, mode, payment.currency);
                keys.balances.insert(account.id());
            }
        }
        // An attempt that begins in this batch may be confirmed in it.
        keys.balances.extend(self.wallets.values().map(|wallet| wallet.account().id()));
        keys.merchants.retain(|merchant| !self.merchants.contains_key(merchant));
        keys.balances.retain(|account| !self.balances.contains_key(account));
        keys.phone_windows.retain(|key| !self.phone_windows.contains_key(key));
        keys.card_windows.retain(|card| !self.card_windows.contains_key(card));
        keys
    }

    /// Takes in the rows of a second round.
    pub fn absorb(&mut self, other: Self) {
        self.payments.extend(other.payments);
        self.idempotency.extend(other.idempotency);
        self.merchants.extend(other.merchants);
        self.apps.extend(other.apps);
        self.key_pairs.extend(other.key_pairs);
        self.terminals.extend(other.terminals);
        self.wallets.extend(other.wallets);
        self.phone_windows.extend(other.phone_windows);
        self.card_windows.extend(other.card_windows);
        self.balances.extend(other.balances);
        self.holds.extend(other.holds);
        self.folded.extend(other.folded);
        self.unfolded.extend(other.unfolded);
        self.deliveries.extend(other.deliveries);
        self.learned.extend(other.learned);
    }

    /// Makes a command's changes visible to the commands after it in the batch.
    pub fn apply(&mut self, changes: &Changes) {
        for payment in &changes.payments {
            match self.payments.get_mut(&payment.id) {
                Some(aggregate) => aggregate.payment = payment.clone(),
                None => {
                    self.payments.insert(payment.id, PaymentAggregate::of(payment.clone()));
                }
            }
        }
        for attempt in &changes.attempts {
            if let Some(aggregate) = self.payments.get_mut(&attempt.payment) {
                replace(&mut aggregate.attempts, attempt, |old| old.number == attempt.number);
            }
        }
        for challenge in &changes.challenges {
            if let Some(aggregate) = self.payments.get_mut(&challenge.payment) {
                replace(&mut aggregate.challenges, challenge, |old| old.id == challenge.id);
            }
        }
        for refund in &changes.refunds {
            if let Some(aggregate) = self.payments.get_mut(&refund.payment) {
                replace(&mut aggregate.refunds, refund, |old| old.number == refund.number);
            }
        }
        for scope in &changes.idempotency_pruned {
            self.idempotency.remove(scope);
        }
        for row in &changes.idempotency {
            self.idempotency.insert(row.scope.clone(), row.clone());
        }
        for merchant in &changes.merchants {
            self.merchants.insert(merchant.id, merchant.clone());
        }
        for app in &changes.apps {
            self.apps.insert(app.id, app.clone());
        }
        for pair in &changes.key_pairs {
            self.key_pairs.insert(pair.public_key.clone(), pair.clone());
        }
        for terminal in &changes.terminals {
            let key = (terminal.merchant, terminal.id.clone());
            self.terminals.insert(key, terminal.clone());
        }
        for wallet in &changes.wallets {
            self.wallets.insert((wallet.mode, wallet.phone.clone()), wallet.clone());
        }
        for window in &changes.phone_windows {
            self.phone_windows.insert((window.mode, window.phone.clone()), window.clone());
        }
        for window in &changes.card_windows_forgotten {
            self.card_windows.remove(&window.card);
        }
        for window in &changes.card_windows {
            self.card_windows.insert(window.card, window.clone());
        }
        for delivery in &changes.deliveries {
            self.deliveries.insert(delivery.id, delivery.clone());
        }
        for learned in &changes.learned {
            self.learned.insert((learned.app, learned.origin.clone()), learned.clone());
        }
        self.apply_books(changes);
    }

    fn apply_books(&mut self, changes: &Changes) {
        let now = changes.entries.iter().filter(|entry| entry.fold == FoldAt::Commit);
        let now = now.flat_map(|entry| entry.postings.lines());
        let now = now.map(|posting| (posting.account, posting.amount_millimes));
        let later = changes.folded.iter().map(|line| (line.account, line.amount_millimes));
        for (account, amount_millimes) in now.chain(later) {
            let balance = self.balances.entry(account.id()).or_default();
            // A sum that does not fit is refused by the database when it is saved: there it costs
            // the one command that did it, and here it would stop the lane.
            balance.posted_millimes = balance.posted_millimes.saturating_add(amount_millimes);
        }
        for hold in &changes.holds {
            let balance = self.balances.entry(hold.account.id()).or_default();
            balance.held_millimes =
                balance.held_millimes.saturating_add(hold.held_change_millimes());
            self.holds.insert(hold.id, *hold);
        }
        self.folded.extend(changes.folded.iter().map(|line| (line.account.id(), line.key)));
        for entry in &changes.entries {
            self.unfolded.extend(entry.unfolded_lines().map(|line| line.key));
        }
        for line in &changes.no_longer_unfolded {
            self.unfolded.remove(line);
        }
    }
}

fn replace<T: Clone>(rows: &mut Vec<T>, row: &T, is_same: impl Fn(&T) -> bool) {
    match rows.iter_mut().find(|old| is_same(old)) {
        Some(old) => *old = row.clone(),
        None => rows.push(row.clone()),
    }
}
