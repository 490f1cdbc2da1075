//! The invariants that SQL alone cannot ask: running sums and ids.

use qisma_domain::ids::{AccountId, PaymentId, Shard};
use std::collections::BTreeMap;

use super::{Audit, Problems, sql};
use crate::error::ReadError;

type Read<T> = Result<T, ReadError>;

/// How late the entry that heals a fall below zero may be dated. Each clock that dates entries is held
/// to within half a second of the database's, so what happened in one order may be dated in the other
/// by as much as this; a real overdraft does not go away by itself that fast.
const CLOCK_NOISE_US: i64 = 1_000_000;

/// An account on its way through all its postings.
struct Standing {
    account: (i64, Vec<u8>),
    name: String,
    balance: i128,
    /// When the fall that it is in began, and how deep that goes.
    fall: Option<(i64, i128)>,
    /// The deepest fall that no clock explains.
    lowest: i128,
}

impl Audit {
    /// I2. One entry that does not balance makes all later sums wrong, so only a change is told.
    pub(super) fn scan_prefixes(&self, problems: &mut Problems) -> Read<()> {
        let mut sums: BTreeMap<(String, String), i128> = BTreeMap::new();
        self.source.all(sql::LIST_SUMS_IN_ORDER, &mut |row| {
            let moved: i64 = row.get(5)?;
            let sum = sums.entry((row.get(3)?, row.get(4)?)).or_default();
            *sum += i128::from(moved);
            if moved != 0 && *sum != 0 {
                let payment: Option<Vec<u8>> = row.get(0)?;
                let (kind, reference): (String, String) = (row.get(1)?, row.get(2)?);
                let what = format!("after the entry {kind} {reference} all accounts sum to {sum}");
                problems.add(payment.as_deref(), &what);
            }
            Ok(())
        })
    }

    /// I4. The order within one moment is not kept, so there what comes counts before what goes.
    pub(super) fn scan_falls(&self, problems: &mut Problems) -> Read<()> {
        let mut current: Option<Standing> = None;
        self.source.all(sql::LIST_MOVES_IN_ORDER, &mut |row| {
            let account = (row.get(0)?, row.get(1)?);
            let (at_us, moved): (i64, i64) = (row.get(3)?, row.get(4)?);
            if current.as_ref().is_none_or(|standing| standing.account != account) {
                let next = Standing::at_zero(account, row.get(2)?);
                if let Some(last) = current.replace(next) {
                    last.end(problems);
                }
            }
            if let Some(standing) = &mut current {
                standing.move_by(at_us, moved);
            }
            Ok(())
        })?;
        if let Some(last) = current {
            last.end(problems);
        }
        Ok(())
    }

    /// I10: each key names a payment of its own merchant and mode, and its answer names the same.
    pub(super) fn scan_keys(&self, problems: &mut Problems) -> Read<()> {
        self.source.all(sql::LIST_KEYS, &mut |row| {
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
            Ok(())
        })
    }

    /// I13: an account's id is derived from what it is, so one that changed its mode, its currency
    /// or its owner is found out.
    pub(super) fn scan_accounts(&self, problems: &mut Problems) -> Read<()> {
        self.source.all(sql::LIST_ACCOUNTS, &mut |row| {
            let parts: [String; 4] = [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
            let [owner, kind, mode, currency] = parts.each_ref().map(String::as_str);
            let derived = AccountId::derive(Shard(row.get(0)?), &[owner, kind, mode, currency]);
            if row.get::<Vec<u8>>(1)? != derived.as_bytes() {
                let what = format!("the account {owner} {kind} {mode} {currency} was another one");
                problems.add(None, &what);
            }
            Ok(())
        })
    }
}

impl Standing {
    const fn at_zero(account: (i64, Vec<u8>), name: String) -> Self {
        Self { account, name, balance: 0, fall: None, lowest: 0 }
    }

    fn move_by(&mut self, at_us: i64, moved: i64) {
        self.balance += i128::from(moved);
        if self.balance < 0 {
            let (fell_us, depth) = self.fall.unwrap_or((at_us, self.balance));
            self.fall = Some((fell_us, depth.min(self.balance)));
        } else if let Some((fell_us, depth)) = self.fall.take()
            && CLOCK_NOISE_US < at_us.saturating_sub(fell_us)
        {
            self.lowest = self.lowest.min(depth);
        }
    }

    /// After its last posting. What never came back is no noise, however short ago it fell.
    fn end(self, problems: &mut Problems) {
        let lowest = self.fall.map_or(self.lowest, |(_, depth)| depth.min(self.lowest));
        if lowest < 0 {
            problems.add(None, &format!("the account {} falls to {lowest}", self.name));
        }
    }
}
