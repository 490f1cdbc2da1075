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

/// What the batch's postings do to each account.
pub fn fold_postings(changes: &Changes) -> BTreeMap<AccountId, (Account, i64)> {
    let mut deltas: BTreeMap<AccountId, (Account, i64)> = BTreeMap::new();
    for posting in changes.entries.iter().flat_map(|entry| entry.postings.lines()) {
        let (_, delta) = deltas.entry(posting.account.id()).or_insert((posting.account, 0));
        *delta = delta
            .checked_add(posting.amount_millimes)
            .expect("a batch moves at most 8,192 times 10^12 millimes");
    }
    deltas
}

#[cfg(test)]
mod tests {
    use super::*;

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
