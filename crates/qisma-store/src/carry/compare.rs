//! Both sides, row by row: digests of whole tables, and the balance of every account.

use sha2::{Digest, Sha256};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::mem;

use super::cell::read_row;
use super::columns::Table;
use super::report::{AccountCompared, BalanceCompared, DIFFERENCES_MAX, TableCompared};
use super::tables::{ACCOUNTS, TABLES};
use super::{BATCH_ROWS_MAX, Telling};
use crate::audit::source::{Cursor, Source, Stream};
use crate::error::ReadError;
use crate::migrate::hex;
use crate::row::Row;

type Read<T> = Result<T, ReadError>;

/// Compares every table.
pub fn tables(
    source: &Source,
    target: &Source,
    tell: &mut Telling<'_>,
) -> Read<Vec<TableCompared>> {
    let mut compared = vec![];
    for table in TABLES {
        let (rows, sha256) = digest(source, table, tell)?;
        let (target_rows, target_sha256) = digest(target, table, tell)?;
        compared.push(TableCompared {
            table: table.name,
            same: rows == target_rows && sha256 == target_sha256,
            rows,
            sha256,
            target_rows: Some(target_rows),
            target_sha256: Some(target_sha256),
        });
    }
    Ok(compared)
}

/// How many rows a table has, and a digest of its name, its columns and all rows in the order of the key.
fn digest(side: &Source, table: &Table, tell: &mut Telling<'_>) -> Read<(i64, String)> {
    let mut digest = Sha256::new();
    digest.update(table.name);
    for column in table.columns {
        digest.update(format!(",{}", column.name));
    }
    let mut rows = 0_i64;
    side.all(&in_order(side, table), &mut |row| {
        for cell in read_row(table, row)? {
            cell.digest_into(&mut digest);
        }
        rows += 1;
        if rows % BATCH_ROWS_MAX == 0 {
            tell.more(table.name, BATCH_ROWS_MAX);
        }
        Ok(())
    })?;
    tell.more(table.name, rows % BATCH_ROWS_MAX);
    Ok((rows, hex(&digest.finalize())))
}

fn in_order(side: &Source, table: &Table) -> String {
    match side {
        Source::Sqlite(_) => table.read_in_order(false),
        Source::Postgres(..) => table.read_in_order_on_server(),
    }
}

/// What the comparison of all accounts has found.
#[derive(Default)]
pub struct Balances {
    sums: BTreeMap<(String, String, String), BalanceCompared>,
    /// The first accounts that differ.
    pub differing: Vec<AccountCompared>,
    /// How many there are of them.
    pub differing_count: i64,
}

/// An account of one side.
struct Standing {
    key: (i64, Vec<u8>),
    owner: String,
    kind: String,
    mode: String,
    currency: String,
    posted_millimes: i64,
    held_millimes: i64,
}

/// Compares every account, both sides being read in the order of their keys.
pub fn balances(source: &Source, target: &Source) -> Read<Balances> {
    let mut found = Balances::default();
    let (left, right) = (in_order(source, &ACCOUNTS), in_order(target, &ACCOUNTS));
    match (source, target) {
        (Source::Sqlite(file), Source::Postgres(server, cursors)) => {
            let mut statement = file.prepare(&left)?;
            let right = Cursor::open(server, cursors, &right)?;
            found.merge(statement.query([])?, right)?;
        }
        _ => unreachable!("a move goes from a file to a server"),
    }
    Ok(found)
}

impl Balances {
    fn merge(&mut self, mut left: impl Stream, mut right: impl Stream) -> Read<()> {
        let mut ours = left.read_next(standing_from)?;
        let mut theirs = right.read_next(standing_from)?;
        loop {
            let order = match (&ours, &theirs) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(ours), Some(theirs)) => ours.key.cmp(&theirs.key),
            };
            let (mut one, mut other) = (None, None);
            if order != Ordering::Greater {
                one = mem::replace(&mut ours, left.read_next(standing_from)?);
            }
            if order != Ordering::Less {
                other = mem::replace(&mut theirs, right.read_next(standing_from)?);
            }
            self.add(one.as_ref(), other.as_ref());
        }
    }

    fn add(&mut self, source: Option<&Standing>, target: Option<&Standing>) {
        let Some(named) = source.or(target) else { return };
        let figures = |side: Option<&Standing>| {
            (side.map(|side| side.posted_millimes), side.map(|side| side.held_millimes))
        };
        let (ours, theirs) = (figures(source), figures(target));
        let key = (named.mode.clone(), named.kind.clone(), named.currency.clone());
        let sum = self.sums.entry(key).or_insert_with(|| BalanceCompared {
            mode: named.mode.clone(),
            kind: named.kind.clone(),
            currency: named.currency.clone(),
            same: true,
            ..BalanceCompared::default()
        });
        sum.accounts += 1;
        let more = |sum: i64, more: Option<i64>| sum.saturating_add(more.unwrap_or(0));
        sum.posted_millimes = more(sum.posted_millimes, ours.0);
        sum.held_millimes = more(sum.held_millimes, ours.1);
        sum.target_posted_millimes = Some(more(sum.target_posted_millimes.unwrap_or(0), theirs.0));
        sum.target_held_millimes = Some(more(sum.target_held_millimes.unwrap_or(0), theirs.1));
        if ours == theirs {
            return;
        }
        sum.same = false;
        self.differing_count += 1;
        if self.differing.len() < DIFFERENCES_MAX {
            self.differing.push(AccountCompared {
                owner: named.owner.clone(),
                kind: named.kind.clone(),
                mode: named.mode.clone(),
                posted_millimes: ours.0,
                held_millimes: ours.1,
                target_posted_millimes: theirs.0,
                target_held_millimes: theirs.1,
            });
        }
    }

    /// The sums, in the order of mode, kind and currency.
    pub fn sums(&self) -> Vec<BalanceCompared> {
        self.sums.values().cloned().collect()
    }

    /// How many accounts there are.
    pub fn accounts(&self) -> i64 {
        self.sums.values().map(|sum| sum.accounts).sum()
    }
}

/// The columns as the list of tables has them.
fn standing_from(row: &Row<'_>) -> Read<Standing> {
    Ok(Standing {
        key: (row.get(0)?, row.get(1)?),
        owner: row.get(2)?,
        kind: row.get(3)?,
        mode: row.get(4)?,
        currency: row.get(5)?,
        posted_millimes: row.get(6)?,
        held_millimes: row.get(7)?,
    })
}
