//! Folds a batch's changes: one write a row, however many commands of the batch changed it.

use qisma_domain::account::Account;
use qisma_domain::changes::Changes;
use qisma_domain::hold::HoldState;
use qisma_domain::ids::AccountId;
use qisma_domain::journal::FoldAt;
use std::collections::BTreeMap;

/// A row to write: new when nothing is expected, else replacing the version that was loaded.
#[derive(Debug, PartialEq, Eq)]
pub struct Write<T> {
    /// The version in the database; 0 when the row is new.
    pub expected_version: i64,
    /// The row as it will be.
    pub row: T,
}

/// Keeps the last of each row's changes, and the version the first of them started from.
pub fn fold_rows<T, K: Ord>(
    rows: Vec<T>,
    key: impl Fn(&T) -> K,
    version: impl Fn(&T) -> i64,
) -> Vec<Write<T>> {
    let mut folded: BTreeMap<K, Write<T>> = BTreeMap::new();
    for row in rows {
        if let Some(write) = folded.get_mut(&key(&row)) {
            write.row = row;
        } else {
            let expected_version = version(&row) - 1;
            folded.insert(key(&row), Write { expected_version, row });
        }
    }
    // In key order, so that every batch touches its rows in the same order.
    folded.into_values().collect()
}

/// What a batch does to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The account.
    pub account: Account,
    /// By how much it moves in the end.
    pub posted_millimes: i64,
    /// By how much what is held of it changes in the end.
    pub held_millimes: i64,
    /// What must be free of it before, so that it never falls below zero on the way; 0 for one that may.
    pub need_millimes: i64,
}

impl Delta {
    fn add(&mut self, posted_millimes: i64, held_millimes: i64) {
        let add = |sum: &mut i64, more: i64| {
            *sum = sum.checked_add(more).expect("a batch moves at most 8,192 times 10^12 millimes");
        };
        add(&mut self.posted_millimes, posted_millimes);
        add(&mut self.held_millimes, held_millimes);
        if !self.account.kind.may_be_negative() {
            self.need_millimes = self.need_millimes.max(-self.available_millimes());
        }
    }

    /// By how much what is free of it changes in the end.
    pub const fn available_millimes(&self) -> i64 {
        self.posted_millimes.saturating_sub(self.held_millimes)
    }
}

/// What the batch does to each account, one kind of change after the other and each in the order of
/// the commands. What frees money stands first: a hold that turns into the posting it was for needs
/// nothing that is not there.
pub fn fold_books(changes: &Changes) -> BTreeMap<AccountId, Delta> {
    let mut deltas: BTreeMap<AccountId, Delta> = BTreeMap::new();
    let mut add = |account: Account, posted_millimes, held_millimes| {
        let fresh = Delta { account, posted_millimes: 0, held_millimes: 0, need_millimes: 0 };
        deltas.entry(account.id()).or_insert(fresh).add(posted_millimes, held_millimes);
    };
    for hold in changes.holds.iter().filter(|hold| hold.state != HoldState::Open) {
        add(hold.account, 0, hold.held_change_millimes());
    }
    for line in &changes.folded {
        add(line.account, line.amount_millimes, 0);
    }
    for entry in changes.entries.iter().filter(|entry| entry.fold == FoldAt::Commit) {
        for posting in entry.postings.lines() {
            add(posting.account, posting.amount_millimes, 0);
        }
    }
    for hold in changes.holds.iter().filter(|hold| hold.state == HoldState::Open) {
        add(hold.account, 0, hold.held_change_millimes());
    }
    deltas
}

#[cfg(test)]
mod tests {
    use super::*;
    use qisma_domain::account::AccountKind;
    use qisma_domain::hold::Hold;
    use qisma_domain::ids::{EntryId, HoldId, Mode, PaymentId, WalletId};
    use qisma_domain::journal::{
        EntryKind, JournalEntry, LineKey, Posting, Postings, UnfoldedLine,
    };
    use qisma_domain::money::{Amount, Currency};
    use qisma_domain::time::Timestamp;

    #[test]
    fn an_account_must_hold_what_its_deepest_fall_takes() {
        let wallet = Account::wallet(WalletId::from_bytes([1; 16]), Mode::Test, Currency::Tnd);
        let float = Account::platform(AccountKind::WalletFloat, Mode::Test, Currency::Tnd);
        let entry = |millimes: i64| JournalEntry {
            id: EntryId::from_bytes([2; 16]),
            kind: EntryKind::WalletFunding,
            reference: String::new(),
            payment: None,
            postings: Postings::balanced(vec![
                Posting { account: wallet, amount_millimes: millimes },
                Posting { account: float, amount_millimes: -millimes },
            ]),
            at: Timestamp::from_secs(1),
            fold: FoldAt::Commit,
        };
        let entries = vec![entry(20), entry(-50), entry(40)];
        let deltas = fold_books(&Changes { entries, ..Changes::none() });
        let of = |account: Account| {
            let delta = deltas[&account.id()];
            (delta.posted_millimes, delta.need_millimes)
        };
        assert_eq!((of(wallet), of(float)), ((10, 30), (-10, 0)));
    }

    fn hold(state: HoldState) -> Hold {
        let wallet = Account::wallet(WalletId::from_bytes([1; 16]), Mode::Test, Currency::Tnd);
        Hold {
            id: HoldId::from_bytes([3; 16]),
            account: wallet,
            amount: Amount::from_millimes(10).unwrap(),
            payment: PaymentId::from_bytes([4; 16]),
            attempt: 1,
            state,
            opened_at: Timestamp::from_secs(1),
            look_at: Timestamp::from_secs(1),
            version: 1,
        }
    }

    #[test]
    fn a_hold_needs_what_it_reserves() {
        let changes = Changes { holds: vec![hold(HoldState::Open)], ..Changes::none() };
        let delta = fold_books(&changes)[&hold(HoldState::Open).account.id()];
        assert_eq!((delta.held_millimes, delta.need_millimes), (10, 10));
    }

    #[test]
    fn a_hold_that_is_put_off_holds_no_more_than_before() {
        let later = hold(HoldState::Open).put_off(Timestamp::from_secs(9));
        let changes = Changes { holds: vec![later], ..Changes::none() };
        assert_eq!(fold_books(&changes)[&later.account.id()].held_millimes, 0);
    }

    #[test]
    fn a_hold_that_turns_into_its_posting_needs_nothing() {
        let hold = hold(HoldState::Posted);
        let line = UnfoldedLine {
            key: LineKey { entry: EntryId::from_bytes([2; 16]), line: 1 },
            account: hold.account,
            amount_millimes: -10,
            hold: Some(hold.id),
            at: Timestamp::from_secs(1),
        };
        let changes = Changes { holds: vec![hold], folded: vec![line], ..Changes::none() };
        let delta = fold_books(&changes)[&hold.account.id()];
        let sums = (delta.posted_millimes, delta.held_millimes, delta.need_millimes);
        assert_eq!(sums, (-10, -10, 0));
    }

    #[test]
    fn an_entry_that_is_folded_later_moves_no_account() {
        let wallet = hold(HoldState::Open).account;
        let float = Account::platform(AccountKind::WalletFloat, Mode::Test, Currency::Tnd);
        let entries = vec![JournalEntry {
            id: EntryId::from_bytes([2; 16]),
            kind: EntryKind::WalletFunding,
            reference: String::new(),
            payment: None,
            postings: Postings::balanced(vec![
                Posting { account: wallet, amount_millimes: 5 },
                Posting { account: float, amount_millimes: -5 },
            ]),
            at: Timestamp::from_secs(1),
            fold: FoldAt::Later { hold: None },
        }];
        assert!(fold_books(&Changes { entries, ..Changes::none() }).is_empty());
    }

    #[test]
    fn a_row_changed_twice_is_written_once_from_the_version_that_was_loaded() {
        let rows = vec![("a", 4), ("b", 1), ("a", 5)];
        let writes = fold_rows(rows, |row| row.0, |row| row.1);
        assert_eq!(
            writes,
            [
                Write { expected_version: 3, row: ("a", 5) },
                Write { expected_version: 0, row: ("b", 1) }
            ]
        );
    }
}
