//! The invariants that SQL alone cannot ask: running sums, two streams side by side, ids.

use qisma_domain::ids::{AccountId, PaymentId, Shard};
use rusqlite::Rows;
use std::collections::BTreeMap;

use super::{Audit, Problems, sql};
use crate::error::ReadError;

type Read<T> = Result<T, ReadError>;

/// What one stream says of one payment: who gets how much.
struct Shares {
    payment: (i64, Vec<u8>),
    millimes: BTreeMap<String, i128>,
}

/// A stream of shares, gathered payment by payment.
struct SharesReader<'s> {
    rows: Rows<'s>,
    ahead: Option<((i64, Vec<u8>), String, i64)>,
}

impl Audit {
    /// I2. One entry that does not balance makes all later sums wrong, so only a change is told.
    pub(super) fn scan_prefixes(&self, problems: &mut Problems) -> Read<()> {
        let mut sums: BTreeMap<(String, String), i128> = BTreeMap::new();
        let mut statement = self.connection.prepare(sql::LIST_SUMS_IN_ORDER)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let moved: i64 = row.get(5)?;
            let sum = sums.entry((row.get(3)?, row.get(4)?)).or_default();
            *sum += i128::from(moved);
            if moved != 0 && *sum != 0 {
                let payment: Option<Vec<u8>> = row.get(0)?;
                let (kind, reference): (String, String) = (row.get(1)?, row.get(2)?);
                let what = format!("after the entry {kind} {reference} all accounts sum to {sum}");
                problems.add(payment.as_deref(), &what);
            }
        }
        Ok(())
    }

    /// I7: what each merchant was credited is its legs, in whichever of its accounts. A payment
    /// that only one side knows is a matter of I8.
    pub(super) fn scan_shares(&self, problems: &mut Problems) -> Read<()> {
        let mut legs = self.connection.prepare(sql::LIST_SHARES_OF_LEGS)?;
        let mut booked = self.connection.prepare(sql::LIST_SHARES_BOOKED)?;
        let mut legs = SharesReader { rows: legs.query([])?, ahead: None };
        let mut booked = SharesReader { rows: booked.query([])?, ahead: None };
        let (mut wanted, mut found) = (legs.next()?, booked.next()?);
        while let (Some(wants), Some(finds)) = (&wanted, &found) {
            match wants.payment.cmp(&finds.payment) {
                std::cmp::Ordering::Less => wanted = legs.next()?,
                std::cmp::Ordering::Greater => found = booked.next()?,
                std::cmp::Ordering::Equal => {
                    if wants.millimes != finds.millimes {
                        let (owed, got) = (&wants.millimes, &finds.millimes);
                        let what = format!("its legs are {owed:?}, but booked was {got:?}");
                        problems.add(Some(&wants.payment.1), &what);
                    }
                    (wanted, found) = (legs.next()?, booked.next()?);
                }
            }
        }
        Ok(())
    }

    /// I10: each key names a payment of its own merchant and mode, and its answer names the same.
    pub(super) fn scan_keys(&self, problems: &mut Problems) -> Read<()> {
        let mut statement = self.connection.prepare(sql::LIST_KEYS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let payment: Vec<u8> = row.get(0)?;
            let answered: Option<String> = row.get(1)?;
            let is_own: bool = row.get(2)?;
            let id = <[u8; 16]>::try_from(payment.as_slice()).map(PaymentId::from_bytes).ok();
            if !is_own {
                problems
                    .add(Some(&payment), "a key names it, but its merchant has no such payment");
            } else if id.map(|id| id.to_string()) != answered {
                problems.add(Some(&payment), "the answer under its key names another payment");
            }
        }
        Ok(())
    }

    /// I13: an account's id is derived from what it is, so one that changed its mode, its currency
    /// or its owner is found out.
    pub(super) fn scan_accounts(&self, problems: &mut Problems) -> Read<()> {
        let mut statement = self.connection.prepare(sql::LIST_ACCOUNTS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let parts: [String; 4] = [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
            let [owner, kind, mode, currency] = parts.each_ref().map(String::as_str);
            let derived = AccountId::derive(Shard(row.get(0)?), &[owner, kind, mode, currency]);
            if row.get::<_, Vec<u8>>(1)? != derived.as_bytes() {
                let what = format!("the account {owner} {kind} {mode} {currency} was another one");
                problems.add(None, &what);
            }
        }
        Ok(())
    }
}

impl SharesReader<'_> {
    fn next(&mut self) -> Read<Option<Shares>> {
        if self.ahead.is_none() {
            self.advance()?;
        }
        let Some((payment, owner, amount)) = self.ahead.take() else { return Ok(None) };
        let mut shares = Shares { payment, millimes: BTreeMap::from([(owner, amount.into())]) };
        self.advance()?;
        while let Some((payment, owner, amount)) = self.ahead.take() {
            if payment != shares.payment {
                self.ahead = Some((payment, owner, amount));
                break;
            }
            // A merchant may hold a leg and the remainder; both sides name it once.
            *shares.millimes.entry(owner).or_default() += i128::from(amount);
            self.advance()?;
        }
        shares.millimes.retain(|_, millimes| *millimes != 0);
        Ok(Some(shares))
    }

    fn advance(&mut self) -> Read<()> {
        if let Some(row) = self.rows.next()? {
            self.ahead = Some(((row.get(0)?, row.get(1)?), row.get(2)?, row.get(3)?));
        }
        Ok(())
    }
}
