//! What each merchant was credited, against its legs and the fee that they bear (I7), and what the
//! gateway's operator was, against the frozen plan (I17).

use qisma_domain::fees::FeePlan;
use qisma_domain::ids::MerchantId;
use qisma_domain::money::Amount;
use qisma_domain::split::{Leg, LegKind};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::mem;

use super::source::{Cursor, Source, Stream};
use super::{Audit, Problems, money, sql};
use crate::error::ReadError;
use crate::row::Row;

type Read<T> = Result<T, ReadError>;

/// A payment, as both streams are ordered by it.
type Payment = (i64, Vec<u8>);

/// What one stream says of one payment: who gets how much.
struct Shares {
    payment: Payment,
    millimes: BTreeMap<String, i128>,
}

/// One row of a stream.
struct Share {
    payment: Payment,
    owner: String,
    millimes: i64,
    /// A leg of a payment from which a fee is taken.
    of_fee: Option<Charged>,
}

/// A leg of a payment from which a fee is taken.
struct Charged {
    plan: FeePlan,
    caller: MerchantId,
    total: Amount,
    leg: Leg,
}

/// A stream of shares, gathered payment by payment.
struct SharesReader<S> {
    rows: S,
    read: fn(&Row<'_>) -> Read<Share>,
    ahead: Option<Share>,
}

impl Audit {
    /// I7: what each merchant was credited is its legs, in whichever of its accounts, less what they bear
    /// of the fee. A payment that only one side knows differs too: whoever has nothing there was owed or
    /// given nothing.
    pub(super) fn scan_shares(&self, problems: &mut Problems) -> Read<()> {
        let (legs, booked) = (sql::LIST_SHARES_OF_LEGS, sql::LIST_SHARES_BOOKED);
        match &self.source {
            Source::Sqlite(connection) => {
                let (mut legs, mut booked) =
                    (connection.prepare(legs)?, connection.prepare(booked)?);
                merge_shares(legs.query([])?, booked.query([])?, problems)
            }
            Source::Postgres(connection, cursors) => merge_shares(
                Cursor::open(connection, cursors, legs)?,
                Cursor::open(connection, cursors, booked)?,
                problems,
            ),
        }
    }

    /// I17: fee and tax are what the plan that was frozen makes of the captured amount.
    pub(super) fn scan_fees(&self, problems: &mut Problems) -> Read<()> {
        self.source.all(money::LIST_FEES_BOOKED, &mut |row| {
            let payment: Vec<u8> = row.get(0)?;
            let charge = plan(&row.get::<String>(2)?)?.charge(amount(row.get(1)?)?);
            let booked: (i64, i64) = (row.get(3)?, row.get(4)?);
            if booked != (charge.fee_millimes, charge.tax_millimes) {
                let (fee, tax) = booked;
                let what = format!(
                    "its fee is {} and the tax on it {}, but booked was {fee} and {tax}",
                    charge.fee_millimes, charge.tax_millimes
                );
                problems.add(Some(&payment), &what);
            }
            Ok(())
        })
    }
}

fn plan(text: &str) -> Read<FeePlan> {
    serde_json::from_str(text).map_err(|_| ReadError::Corrupt("fee plan".into()))
}

fn amount(millimes: i64) -> Read<Amount> {
    Amount::from_millimes(millimes).map_err(|_| ReadError::Corrupt("amount".into()))
}

fn merchant(number: i64) -> Read<MerchantId> {
    MerchantId::from_number(number).ok_or_else(|| ReadError::Corrupt("merchant id".into()))
}

fn leg_from(row: &Row<'_>) -> Read<Share> {
    let millimes = row.get(3)?;
    let plan_text: Option<String> = row.get(4)?;
    let charged = |text: String| {
        Ok::<_, ReadError>(Charged {
            plan: plan(&text)?,
            caller: merchant(row.get(5)?)?,
            total: amount(row.get(6)?)?,
            leg: Leg {
                number: row.get(7)?,
                destination: merchant(row.get(8)?)?,
                amount: amount(millimes)?,
                // Who bears a fee does not depend on it.
                kind: LegKind::Fixed,
                captured: None,
            },
        })
    };
    Ok(Share {
        payment: (row.get(0)?, row.get(1)?),
        owner: row.get(2)?,
        millimes,
        of_fee: plan_text.map(charged).transpose()?,
    })
}

fn booked_from(row: &Row<'_>) -> Read<Share> {
    let payment = (row.get(0)?, row.get(1)?);
    Ok(Share { payment, owner: row.get(2)?, millimes: row.get(3)?, of_fee: None })
}

/// Goes through both streams side by side: both are in the order of payments.
fn merge_shares<S: Stream>(legs: S, booked: S, problems: &mut Problems) -> Read<()> {
    let mut legs = SharesReader { rows: legs, read: leg_from, ahead: None };
    let mut booked = SharesReader { rows: booked, read: booked_from, ahead: None };
    let (mut wanted, mut found) = (legs.next()?, booked.next()?);
    loop {
        let order = match (&wanted, &found) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(wants), Some(finds)) => wants.payment.cmp(&finds.payment),
        };
        let owed = if order.is_le() { mem::replace(&mut wanted, legs.next()?) } else { None };
        let got = if order.is_ge() { mem::replace(&mut found, booked.next()?) } else { None };
        compare_shares(owed.as_ref(), got.as_ref(), problems);
    }
}

fn compare_shares(owed: Option<&Shares>, got: Option<&Shares>, problems: &mut Problems) {
    let nothing = BTreeMap::new();
    let legs = owed.map_or(&nothing, |shares| &shares.millimes);
    let booked = got.map_or(&nothing, |shares| &shares.millimes);
    if let (true, Some(either)) = (legs != booked, owed.or(got)) {
        let what = format!("its legs are {legs:?}, but booked was {booked:?}");
        problems.add(Some(&either.payment.1), &what);
    }
}

impl<S: Stream> SharesReader<S> {
    fn next(&mut self) -> Read<Option<Shares>> {
        if self.ahead.is_none() {
            self.advance()?;
        }
        let Some(first) = self.ahead.take() else { return Ok(None) };
        let mut shares = Shares { payment: first.payment.clone(), millimes: BTreeMap::new() };
        let mut charged = vec![];
        shares.add(first, &mut charged);
        self.advance()?;
        while let Some(next) = self.ahead.take() {
            if next.payment != shares.payment {
                self.ahead = Some(next);
                break;
            }
            shares.add(next, &mut charged);
            self.advance()?;
        }
        shares.take_fee(charged);
        shares.millimes.retain(|_, millimes| *millimes != 0);
        Ok(Some(shares))
    }

    fn advance(&mut self) -> Read<()> {
        self.ahead = self.rows.read_next(self.read)?;
        Ok(())
    }
}

impl Shares {
    /// A merchant may hold a leg and the remainder; both sides name it once.
    fn add(&mut self, share: Share, charged: &mut Vec<Charged>) {
        *self.millimes.entry(share.owner).or_default() += i128::from(share.millimes);
        charged.extend(share.of_fee);
    }

    /// Takes from the merchants what their legs bear, and from the one that asked what no leg has.
    fn take_fee(&mut self, mut charged: Vec<Charged>) {
        charged.sort_by_key(|one| one.leg.number);
        let Some(Charged { plan, caller, total, .. }) = charged.first() else { return };
        let legs: Vec<Leg> = charged.iter().map(|one| one.leg).collect();
        let borne = plan.borne(*caller, *total, &legs);
        let mut take = |from: MerchantId, millimes: i64| {
            *self.millimes.entry(format!("merchant:{from}")).or_default() -= i128::from(millimes);
        };
        for (leg, kept) in legs.iter().zip(&borne.by_leg) {
            take(leg.destination, kept.millimes());
        }
        take(*caller, borne.rest_millimes);
    }
}
