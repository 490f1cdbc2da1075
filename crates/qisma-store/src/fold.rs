//! Folds a batch's changes: one write a row, however many commands of the batch changed it.

use qisma_domain::account::Account;
use qisma_domain::changes::Changes;
use qisma_domain::ids::AccountId;
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

/// What a batch's postings do to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The account.
    pub account: Account,
    /// By how much it moves in the end.
    pub posted_millimes: i64,
    /// What it must hold before, so that it never falls below zero on the way; 0 for one that may.
    pub need_millimes: i64,
}

/// What the batch's postings do to each account, in the order of their commands.
pub fn fold_postings(changes: &Changes) -> BTreeMap<AccountId, Delta> {
    let mut deltas: BTreeMap<AccountId, Delta> = BTreeMap::new();
    for posting in changes.entries.iter().flat_map(|entry| entry.postings.lines()) {
        let account = posting.account;
        let fresh = Delta { account, posted_millimes: 0, need_millimes: 0 };
        let delta = deltas.entry(account.id()).or_insert(fresh);
        delta.posted_millimes = delta
            .posted_millimes
            .checked_add(posting.amount_millimes)
            .expect("a batch moves at most 8,192 times 10^12 millimes");
        if !account.kind.may_be_negative() {
            delta.need_millimes = delta.need_millimes.max(-delta.posted_millimes);
        }
    }
    deltas
}

#[cfg(test)]
mod tests {
    use super::*;
    use qisma_domain::account::AccountKind;
    use qisma_domain::ids::{EntryId, Mode, WalletId};
    use qisma_domain::journal::{EntryKind, JournalEntry, Posting, Postings};
    use qisma_domain::money::Currency;
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
        };
        let entries = vec![entry(20), entry(-50), entry(40)];
        let deltas = fold_postings(&Changes { entries, ..Changes::none() });
        let of = |account: Account| {
            let delta = deltas[&account.id()];
            (delta.posted_millimes, delta.need_millimes)
        };
        assert_eq!((of(wallet), of(float)), ((10, 30), (-10, 0)));
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
