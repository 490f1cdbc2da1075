//! Refunds as they are read: with their payment, by a worker that looks after them, and for operators.

use qisma_domain::account::AccountKind;
use qisma_domain::ids::{MerchantId, Mode, PaymentId, RefundId};
use qisma_domain::money::Amount;
use qisma_domain::refund::{Refund, RefundPart};
use qisma_domain::time::Timestamp;

use crate::error::ReadError;
use crate::find;
use crate::leases::Shards;
use crate::reader::Reader;
use crate::row::Row;
use crate::session::Value::{self, Number, Text};
use crate::session::{Session, statement};

type Read<T> = Result<T, ReadError>;

fn corrupt<E>(what: &str) -> impl Fn(E) -> ReadError {
    move |_| ReadError::Corrupt(what.to_owned())
}

fn amount(row: &Row<'_>, column: usize) -> Read<Amount> {
    Amount::from_millimes(row.get(column)?).map_err(corrupt("refunded amount"))
}

/// A refund, still without its parts.
pub(crate) fn refund_from(row: &Row<'_>) -> Read<Refund> {
    let at = |column| row.get(column).map(Timestamp::from_micros);
    let reference: String = row.get(2)?;
    let state: String = row.get(4)?;
    Ok(Refund {
        payment: PaymentId::from_bytes(row.get(0)?),
        number: row.get(1)?,
        id: RefundId::parse(&reference).map_err(corrupt("refund id"))?,
        amount: amount(row, 3)?,
        parts: vec![],
        state: serde_json::from_str(&state).map_err(corrupt("refund state"))?,
        next_look_at: row.get::<Option<i64>>(5)?.map(Timestamp::from_micros),
        looks: row.get(6)?,
        needs_operator: row.get(7)?,
        asked_at: at(8)?,
        updated_at: at(9)?,
        version: row.get(10)?,
    })
}

/// A part of a refund: of which payment, of which refund of it, and the part.
pub(crate) fn part_from(row: &Row<'_>) -> Read<(PaymentId, u16, RefundPart)> {
    let destination = MerchantId::from_number(row.get(3)?);
    let kind: String = row.get(5)?;
    let part = RefundPart {
        leg: row.get(2)?,
        destination: destination.ok_or_else(|| ReadError::Corrupt("merchant id".into()))?,
        amount: amount(row, 4)?,
        credited_to: AccountKind::parse(&kind)
            .ok_or_else(|| ReadError::Corrupt("account kind".into()))?,
        from_credited: amount(row, 6)?,
        from_available: amount(row, 7)?,
        from_debt: amount(row, 8)?,
    };
    Ok((PaymentId::from_bytes(row.get(0)?), row.get(1)?, part))
}

/// A payment's refunds with their parts, by number.
pub(crate) fn of_payment(session: Session<'_>, id: &PaymentId) -> Read<Vec<Refund>> {
    let key = find::key(id);
    let mut refunds = session.list(statement!(LIST_REFUNDS_OF_PAYMENT), &key, refund_from)?;
    if refunds.is_empty() {
        return Ok(refunds);
    }
    for (_, number, part) in session.list(statement!(LIST_REFUND_PARTS), &key, part_from)? {
        let of = refunds.iter_mut().find(|refund| refund.number == number);
        // One that was made between the two reads is not among them.
        if let Some(refund) = of {
            refund.parts.push(part);
        }
    }
    Ok(refunds)
}

impl Reader<'_> {
    /// The newest refunds, of one payment or of all; those of all without their parts.
    pub fn refunds(&self, of: Option<&PaymentId>, count_max: i64) -> Read<Vec<Refund>> {
        match of {
            Some(id) => of_payment(self.session, id),
            None => self.session.list(statement!(LIST_REFUNDS), &[Number(count_max)], refund_from),
        }
    }

    /// Refunds of a mode in these shards that are due to be looked after, the longest due first.
    pub fn refunds_to_look_at(
        &self,
        owned: &Shards,
        mode: Mode,
        now: Timestamp,
        count_max: i64,
    ) -> Read<Vec<(PaymentId, u16)>> {
        if owned.are_none() {
            return Ok(vec![]);
        }
        let shards = Value::Shards(owned.numbers());
        let values = [Number(now.micros()), Text(mode.as_str()), Number(count_max), shards];
        self.session.list(statement!(LIST_REFUNDS_TO_LOOK_AT), &values, |row| {
            Ok((PaymentId::from_bytes(row.get(0)?), row.get(1)?))
        })
    }

    /// When the next refund in these shards is to be looked after.
    pub fn next_refund_look(&self, owned: &Shards) -> Read<Option<Timestamp>> {
        self.next(statement!(NEXT_REFUND_LOOK), owned)
    }
}
