//! What waits to be delivered, receiver by receiver: whoever has thousands waiting is read no more
//! often than whoever has one.

use qisma_domain::delivery::Delivery;
use qisma_domain::ids::{AppId, DeliveryId};
use qisma_domain::time::Timestamp;

use crate::error::ReadError;
use crate::find;
use crate::leases::Shards;
use crate::reader::Reader;
use crate::session::Value::{self, Id, Number, Text};
use crate::session::statement;

/// A receiver: an app, and the scheme, host and port of a webhook. Nothing that one receiver does
/// may be felt by another (Flouci API, section 7).
pub type Receiver = (AppId, String);

/// A delivery that is not at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The delivery.
    pub id: DeliveryId,
    /// When it is to be sent; perhaps long ago.
    pub next_at: Timestamp,
}

impl Reader<'_> {
    /// The next receiver, in the order of apps and origins, for whom something waits in these shards.
    pub fn next_receiver(
        &self,
        owned: &Shards,
        after: Option<&Receiver>,
    ) -> Result<Option<Receiver>, ReadError> {
        if owned.are_none() {
            return Ok(None);
        }
        // No app has an id of zeros.
        let (app, origin) =
            after.map_or((&[0; 16], ""), |(app, origin)| (app.as_bytes(), origin.as_str()));
        let values = [Id(app), Text(origin), Value::Shards(owned.numbers())];
        self.session.find(statement!(NEXT_RECEIVER), &values, |row| {
            Ok((AppId::from_bytes(row.get(0)?), row.get(1)?))
        })
    }

    /// The first of what waits for a receiver in these shards, by time; what is not due yet stands at
    /// the end.
    pub fn waiting_of(
        &self,
        owned: &Shards,
        receiver: &Receiver,
        count_max: usize,
    ) -> Result<Vec<Waiting>, ReadError> {
        let count_max = i64::try_from(count_max).unwrap_or(i64::MAX);
        let shards = Value::Shards(owned.numbers());
        let values = [Id(receiver.0.as_bytes()), Text(&receiver.1), Number(count_max), shards];
        self.session.list(statement!(LIST_WAITING_OF_RECEIVER), &values, |row| {
            Ok(Waiting {
                id: DeliveryId::from_bytes(row.get(0)?),
                next_at: Timestamp::from_micros(row.get(1)?),
            })
        })
    }

    /// A delivery.
    pub fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>, ReadError> {
        find::delivery(self.session, id)
    }
}
