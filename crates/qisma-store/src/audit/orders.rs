//! Orders that were sent to an acquirer, as our books know them.

use qisma_domain::account::Acquirer;
use qisma_domain::attempt::CardAttempt;
use qisma_domain::ids::PaymentId;
use qisma_domain::money::Currency;
use qisma_domain::time::Timestamp;

use crate::error::ReadError;
use crate::row::Row;

/// An order that was ever sent to an acquirer. Small, because a gateway has millions of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardOrder {
    /// The payment it pays.
    pub payment: PaymentId,
    /// The attempt's number; with the payment's id it makes the order's.
    pub attempt: u16,
    /// Who has it.
    pub acquirer: Acquirer,
    /// What it is for; of one that paid, what was captured.
    pub amount_millimes: i64,
    /// In which currency.
    pub currency: Currency,
    /// What our books say became of it.
    pub standing: OrderStanding,
    /// Whether the acquirer has opened a page for it, and so must know it.
    pub is_opened: bool,
    /// When the acquirer is asked again, if it is; of held money, when that is looked after.
    pub next_look_at: Option<Timestamp>,
    /// What was given back of it, as we know for certain.
    pub refunded_millimes: i64,
    /// What the acquirer was asked to give back, and has not told of yet.
    pub refunding_millimes: i64,
    /// When that is looked after again.
    pub next_refund_look_at: Option<Timestamp>,
    /// When it was sent, for those who look for it by time.
    pub started_at: Timestamp,
}

/// What our books say became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStanding {
    /// It may still be paid, as far as we know.
    Open,
    /// The money is held there, until the merchant takes it or lets it go.
    Held,
    /// ... and the acquirer is asked to take it.
    Capturing,
    /// It paid.
    Paid,
    /// It was paid though nobody should have, and is to be given back.
    ReversalDue,
    /// ... and was given back.
    GivenBack,
    /// It was declined, or left.
    Unpaid,
}

impl CardOrder {
    /// Our reference at the acquirer.
    pub fn order_number(&self) -> String {
        CardAttempt::order_number_of(&self.payment, self.attempt)
    }
}

pub(super) fn order_from(row: &Row<'_>) -> Result<CardOrder, ReadError> {
    let (status, acquirer): (String, String) = (row.get(3)?, row.get(4)?);
    let (reversal, currency): (String, String) = (row.get(5)?, row.get(9)?);
    let step: Option<String> = row.get(14)?;
    let order = CardOrder {
        payment: PaymentId::from_bytes(row.get(0)?),
        attempt: row.get(1)?,
        acquirer: [Acquirer::Sandbox, Acquirer::Smt]
            .into_iter()
            .find(|known| known.as_str() == acquirer)
            .ok_or_else(|| ReadError::Corrupt("acquirer".into()))?,
        amount_millimes: row.get(8)?,
        currency: Currency::parse(&currency)
            .ok_or_else(|| ReadError::Corrupt("currency".into()))?,
        standing: match (status.as_str(), reversal.as_str(), step.as_deref()) {
            ("approved", "due" | "refund_due", _) => OrderStanding::ReversalDue,
            ("approved", _, None) => OrderStanding::Paid,
            ("approved", _, Some("held")) => OrderStanding::Held,
            ("approved", _, Some(_)) => OrderStanding::Capturing,
            ("voided", ..) => OrderStanding::GivenBack,
            ("declined" | "abandoned", ..) => OrderStanding::Unpaid,
            _ => OrderStanding::Open,
        },
        is_opened: row.get(10)?,
        next_look_at: row.get::<Option<i64>>(6)?.map(Timestamp::from_micros),
        refunded_millimes: row.get(11)?,
        refunding_millimes: row.get(12)?,
        next_refund_look_at: row.get::<Option<i64>>(13)?.map(Timestamp::from_micros),
        started_at: Timestamp::from_micros(row.get(7)?),
    };
    // The number is not stored twice in memory, so it must be the one that these two make.
    if row.get::<String>(2)? == order.order_number() {
        Ok(order)
    } else {
        Err(ReadError::Corrupt("order number".into()))
    }
}
