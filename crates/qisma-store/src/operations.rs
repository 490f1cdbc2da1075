//! Reads of payments that their merchant knows by a name of its own: those by QR code by an operation,
//! those at a terminal by a tracking id.

use qisma_domain::idempotency::IdempotencyScope;
use qisma_domain::ids::{MerchantId, Mode, PaymentId};
use qisma_domain::payment::Payment;
use qisma_domain::time::Timestamp;

use crate::error::ReadError;
use crate::reader::Reader;
use crate::rows;
use crate::session::Value::{Id, Number, Shard, Text};
use crate::session::statement;

type Read<T> = Result<T, ReadError>;

/// Where a page of operations begins, from the newest: before this moment, and at it before this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationsBefore {
    /// The moment.
    pub created_at: Timestamp,
    /// The last one of the page before.
    pub id: PaymentId,
}

impl Reader<'_> {
    /// The payment of an operation, without its legs. `scope` is the key under which it was made, which
    /// says the shard.
    pub fn payment_of_operation(
        &self,
        scope: &IdempotencyScope,
        operation: &str,
    ) -> Read<Option<Payment>> {
        let values = [
            Shard(scope.shard().0),
            Number(scope.merchant.number()),
            Text(scope.mode.as_str()),
            Text(operation),
        ];
        self.session.find(statement!(FIND_PAYMENT_OF_OPERATION), &values, rows::payment_from)
    }

    /// The newest payments at terminals that a merchant calls so, without their legs.
    pub fn pos_payments(
        &self,
        (merchant, mode): (MerchantId, Mode),
        developer_tracking_id: &str,
        count_max: i64,
    ) -> Read<Vec<Payment>> {
        let values = [
            Number(merchant.number()),
            Text(mode.as_str()),
            Text(developer_tracking_id),
            Number(count_max),
        ];
        self.session.list(statement!(LIST_POS_OF_TRACKING_ID), &values, rows::payment_from)
    }

    /// A merchant's operations since a moment, from the newest, without their legs.
    pub fn operations(
        &self,
        (merchant, mode): (MerchantId, Mode),
        since: Timestamp,
        before: &OperationsBefore,
        count_max: i64,
    ) -> Read<Vec<Payment>> {
        let values = [
            Number(merchant.number()),
            Text(mode.as_str()),
            Number(since.micros()),
            Number(before.created_at.micros()),
            Id(before.id.as_bytes()),
            Number(count_max),
        ];
        self.session.list(statement!(LIST_OPERATIONS), &values, rows::payment_from)
    }
}
