//! What the workers of the ledger find: lines that are not in their accounts' balances yet, and money
//! that is held.

use qisma_domain::ids::{HoldId, Mode, PaymentId};
use qisma_domain::journal::UnfoldedLine;
use qisma_domain::payment::PaymentState;
use qisma_domain::time::Timestamp;

use crate::error::ReadError;
use crate::leases::Shards;
use crate::reader::Reader;
use crate::rows;
use crate::session::Value::{self, Id, Number, Shard, Text};
use crate::session::statement;

type Read<T> = Result<T, ReadError>;

/// How far the balances are behind the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfolded {
    /// Lines that wait for their fold.
    pub lines: i64,
    /// When the first of them was written.
    pub oldest_at: Option<Timestamp>,
}

/// Money that is reserved, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenHold {
    /// The hold.
    pub id: HoldId,
    /// The payment.
    pub payment: PaymentId,
    /// The payment's attempt.
    pub attempt: u16,
}

/// Who may still take what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldWanted {
    /// Its attempt, which is open.
    ByItsAttempt,
    /// The merchant, for whom it is kept until then.
    ByTheMerchant {
        /// When it can no longer be taken.
        until: Timestamp,
    },
    /// The fold: it is taken, and turns into the posting.
    ByTheFold,
    /// Nobody: its attempt has ended without it.
    ByNobody,
}

impl Reader<'_> {
    /// Lines in these shards that wait for their fold, oldest first.
    pub fn unfolded_lines(&self, owned: &Shards, count_max: i64) -> Read<Vec<UnfoldedLine>> {
        if owned.are_none() {
            return Ok(vec![]);
        }
        let values = [Number(count_max), Value::Shards(owned.numbers())];
        self.session.list(statement!(LIST_UNFOLDED_LINES), &values, rows::unfolded_line_from)
    }

    /// How far the balances are behind what was written in these shards.
    pub fn unfolded(&self, owned: &Shards) -> Read<Unfolded> {
        let values = [Value::Shards(owned.numbers())];
        let found = self.session.find(statement!(SUM_UP_UNFOLDED), &values, |row| {
            let oldest_us: Option<i64> = row.get(1)?;
            let oldest_at = oldest_us.map(Timestamp::from_micros);
            Ok(Unfolded { lines: row.get(0)?, oldest_at })
        })?;
        Ok(found.unwrap_or_default())
    }

    /// Open holds of accounts in these shards that are to be looked at by then, the longest due first.
    pub fn open_holds(
        &self,
        owned: &Shards,
        now: Timestamp,
        count_max: i64,
    ) -> Read<Vec<OpenHold>> {
        if owned.are_none() {
            return Ok(vec![]);
        }
        let shards = Value::Shards(owned.numbers());
        let values = [Number(now.micros()), Number(count_max), shards];
        self.session.list(statement!(LIST_OPEN_HOLDS), &values, |row| {
            Ok(OpenHold {
                id: HoldId::from_bytes(row.get(0)?),
                payment: PaymentId::from_bytes(row.get(1)?),
                attempt: row.get(2)?,
            })
        })
    }

    /// Payments of a mode in these shards whose held money is due to be looked after, the longest due
    /// first.
    pub fn held_to_look_at(
        &self,
        owned: &Shards,
        mode: Mode,
        now: Timestamp,
        count_max: i64,
    ) -> Read<Vec<PaymentId>> {
        if owned.are_none() {
            return Ok(vec![]);
        }
        let shards = Value::Shards(owned.numbers());
        let values = [Number(now.micros()), Text(mode.as_str()), Number(count_max), shards];
        self.session.list(statement!(LIST_HELD_TO_LOOK_AT), &values, |row| {
            Ok(PaymentId::from_bytes(row.get(0)?))
        })
    }

    /// When the next held money in these shards is to be looked after.
    pub fn next_held_look(&self, owned: &Shards) -> Read<Option<Timestamp>> {
        self.next(statement!(NEXT_HELD_LOOK), owned)
    }

    /// Who may still take what is held.
    pub fn hold_is_wanted(&self, hold: &OpenHold) -> Read<HoldWanted> {
        // The attempt first: it ends in the transaction that writes the line, so whoever sees the end
        // sees the line, unless it is folded already, and then the hold is no longer open.
        let found = self.payment_by_link(&hold.payment)?;
        let attempt = found.as_ref().and_then(|found| found.attempt(hold.attempt));
        if attempt.is_some_and(|attempt| attempt.state.is_open()) {
            return Ok(HoldWanted::ByItsAttempt);
        }
        let kept = found.as_ref().map(|found| &found.payment);
        let kept = kept.filter(|payment| payment.state == PaymentState::Authorized);
        if let Some(held) = kept.and_then(|payment| payment.authorization.as_ref()) {
            return Ok(HoldWanted::ByTheMerchant { until: held.expires_at });
        }
        let (shard, payment) = (Shard(hold.payment.shard().0), Id(hold.payment.as_bytes()));
        let values = [shard, payment, Id(hold.id.as_bytes())];
        let sql = statement!(COUNT_UNFOLDED_OF_HOLD);
        let waiting = self.session.find(sql, &values, |row| row.get::<i64>(0))?;
        let is_taken = waiting.is_some_and(|count| 0 < count);
        Ok(if is_taken { HoldWanted::ByTheFold } else { HoldWanted::ByNobody })
    }
}
