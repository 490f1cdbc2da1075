//! What a move has come to: what was copied, and how both sides compare.

use serde::Serialize;

/// Accounts that are listed one by one because their balances differ.
pub const DIFFERENCES_MAX: usize = 20;

/// What was done and found.
#[derive(Clone, Debug, Serialize)]
pub struct CarryReport {
    /// The file that was read.
    pub from: String,
    /// The servers and the database that were written, without user or password.
    pub to: String,
    /// The id of the master key that both were written under; without that key, what is sealed in
    /// either can be read by nobody.
    pub master_key_id: Option<String>,
    /// Whether an earlier run had begun.
    pub resumed: bool,
    /// Whether one had come to its end, so that this run only compared.
    pub had_ended: bool,
    /// Rows that this run copied.
    pub rows_copied: i64,
    /// How many accounts there are, on whichever side.
    pub accounts_compared: i64,
    /// How many of them differ.
    pub accounts_differing: i64,
    /// Whether everything is the same on both sides.
    pub ok: bool,
    /// The tables, side by side.
    pub tables: Vec<TableCompared>,
    /// The balances, summed by mode, kind and currency of the accounts.
    pub balances: Vec<BalanceCompared>,
    /// The first accounts that differ.
    pub differing_accounts: Vec<AccountCompared>,
}

/// A table on both sides. What is `None` in what is printed for people is the same as at the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableCompared {
    /// Its name.
    pub table: &'static str,
    /// How many rows the source has.
    pub rows: i64,
    /// SHA-256 over the source's rows in the order of their keys, in hexadecimal.
    pub sha256: String,
    /// How many rows the target has.
    pub target_rows: Option<i64>,
    /// The same digest of the target's rows.
    pub target_sha256: Option<String>,
    /// Whether they are equal.
    pub same: bool,
}

/// The accounts of one mode, kind and currency on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BalanceCompared {
    /// `test` or `live`.
    pub mode: String,
    /// What kind of account.
    pub kind: String,
    /// `TND`.
    pub currency: String,
    /// How many there are, on whichever side.
    pub accounts: i64,
    /// What is posted to them at the source.
    pub posted_millimes: i64,
    /// ... and held of it.
    pub held_millimes: i64,
    /// What is posted to them at the target.
    pub target_posted_millimes: Option<i64>,
    /// ... and held of it.
    pub target_held_millimes: Option<i64>,
    /// Whether every single account is the same on both sides.
    pub same: bool,
}

/// An account whose balance differs; a side where it is missing has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountCompared {
    /// Whose it is: `merchant:1234`.
    pub owner: String,
    /// What kind of account.
    pub kind: String,
    /// `test` or `live`.
    pub mode: String,
    /// What is posted to it at the source.
    pub posted_millimes: Option<i64>,
    /// ... and held of it.
    pub held_millimes: Option<i64>,
    /// What is posted to it at the target.
    pub target_posted_millimes: Option<i64>,
    /// ... and held of it.
    pub target_held_millimes: Option<i64>,
}

impl CarryReport {
    /// The same for people: where both sides agree, one of them is enough.
    #[must_use]
    pub fn for_people(mut self) -> Self {
        for table in self.tables.iter_mut().filter(|table| table.same) {
            (table.target_rows, table.target_sha256) = (None, None);
        }
        for balance in self.balances.iter_mut().filter(|balance| balance.same) {
            (balance.target_posted_millimes, balance.target_held_millimes) = (None, None);
        }
        self
    }

    /// The tables that differ.
    pub fn differing_tables(&self) -> Vec<&'static str> {
        self.tables.iter().filter(|table| !table.same).map(|table| table.table).collect()
    }
}
