//! Reads the whole database and says which of the ledger's invariants hold (docs/ledger.md).
//!
//! The auditor writes nothing and trusts no code that writes: it asks the rows. It works beside a
//! running gateway, on one moment of the database. Rows are streamed, never gathered.

mod invariant;
mod orders;
mod scans;
mod shares;
pub(crate) mod source;
mod statements;
#[cfg(test)]
mod tests;

use qisma_domain::ids::PaymentId;
use serde::Serialize;

pub use invariant::Invariant;
pub use orders::{CardOrder, OrderStanding};

use crate::error::{OpenError, ReadError};
use crate::session::Value;
use crate::{Engine, find};
use source::Source;
use statements as sql;
use statements::money;

/// Problems that are listed of one invariant; the first of them lead to the cause.
pub const PROBLEMS_MAX: usize = 20;

/// What was found of one invariant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// How many rows it was asked of.
    pub checked: i64,
    /// A sentence for each of the first problems; none: the invariant holds.
    pub problems: Vec<String>,
}

/// Money that waits because its merchant could not receive it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parked {
    /// The merchant, as accounts are owned: `merchant:1234`.
    pub owner: String,
    /// `test` or `live`.
    pub mode: String,
    /// `TND`.
    pub currency: String,
    /// How much.
    pub amount_millimes: i64,
}

/// One moment of a database, for as long as this lives.
pub struct Audit {
    source: Source,
}

impl Audit {
    /// Opens the database for reading, and stays at this moment of it.
    ///
    /// A database that is not there is not made, and one of an older or newer schema is refused.
    pub fn open(engine: &Engine) -> Result<Self, OpenError> {
        // Half of the books would look broken, or be proven for the whole.
        if crate::carry::is_unfinished(engine)? {
            return Err(OpenError::MoveUnfinished(engine.place()));
        }
        Ok(Self { source: Source::open(engine)? })
    }

    /// Asks every row that an invariant speaks of.
    pub fn check(&self, invariant: Invariant) -> Result<Finding, ReadError> {
        let mut checked = 0;
        for statement in invariant.counts() {
            checked += self.source.number(statement, &[])?;
        }
        let mut problems = Problems::default();
        for statement in invariant.searches() {
            self.search(statement, &mut problems)?;
        }
        match invariant {
            Invariant::I2 => self.scan_prefixes(&mut problems)?,
            Invariant::I4 => self.scan_falls(&mut problems)?,
            Invariant::I7 => self.scan_shares(&mut problems)?,
            Invariant::I10 => self.scan_keys(&mut problems)?,
            Invariant::I13 => self.scan_accounts(&mut problems)?,
            Invariant::I17 => self.scan_fees(&mut problems)?,
            _ => {}
        }
        Ok(Finding { checked, problems: problems.sentences })
    }

    /// What is parked; no fault, but somebody waits for it.
    pub fn parked(&self) -> Result<Vec<Parked>, ReadError> {
        let mut found = vec![];
        self.source.some(sql::LIST_PARKED, &[], &mut |row| {
            found.push(Parked {
                owner: row.get(0)?,
                mode: row.get(1)?,
                currency: row.get(2)?,
                amount_millimes: row.get(3)?,
            });
            Ok(())
        })?;
        Ok(found)
    }

    /// Shows every order that was ever sent to an acquirer, one after the other.
    pub fn card_orders(&self, mut each: impl FnMut(CardOrder)) -> Result<(), ReadError> {
        self.source.all(sql::LIST_ORDERS, &mut |row| {
            each(orders::order_from(row)?);
            Ok(())
        })
    }

    /// Whether an order of this payment and attempt was ever sent to an acquirer.
    pub fn knows_order(&self, payment: &PaymentId, attempt: u16) -> Result<bool, ReadError> {
        let [shard, id] = find::key(payment);
        let values = [shard, id, Value::Number(attempt.into())];
        Ok(0 < self.source.number(sql::IS_ORDER_KNOWN, &values)?)
    }

    fn search(&self, statement: &str, problems: &mut Problems) -> Result<(), ReadError> {
        let wanted = i64::try_from(problems.room()).unwrap_or(i64::MAX);
        self.source.some(statement, &[Value::Number(wanted)], &mut |row| {
            let payment: Option<Vec<u8>> = row.get(0)?;
            problems.add(payment.as_deref(), &row.get::<String>(1)?);
            Ok(())
        })
    }
}

/// The first problems of an invariant.
#[derive(Default)]
struct Problems {
    sentences: Vec<String>,
}

impl Problems {
    fn room(&self) -> usize {
        PROBLEMS_MAX.saturating_sub(self.sentences.len())
    }

    fn add(&mut self, payment: Option<&[u8]>, what: &str) {
        if self.room() == 0 {
            return;
        }
        let sentence = match payment.map(<[u8; 16]>::try_from) {
            Some(Ok(id)) => format!("payment {}: {what}", PaymentId::from_bytes(id)),
            Some(Err(_)) => format!("a payment whose id is not one: {what}"),
            None => what.to_owned(),
        };
        self.sentences.push(sentence);
    }
}
