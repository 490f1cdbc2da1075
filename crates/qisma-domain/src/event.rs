//! Events: what happened, as the world hears it.

use serde::Serialize;
use serde_json::{Value, json};

use crate::ids::{EventId, PaymentId};
use crate::money::Amount;
use crate::payment::{Payment, PaymentState};
use crate::refund::Refund;
use crate::time::Timestamp;

/// What happened to a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum EventKind {
    /// It was paid and divided.
    #[serde(rename = "payment.succeeded")]
    PaymentSucceeded,
    /// It was approved: the money is held until the merchant takes it.
    #[serde(rename = "payment.authorized")]
    PaymentAuthorized,
    /// The acquirer refused to take what it holds: it is still held.
    #[serde(rename = "payment.capture_refused")]
    CaptureRefused,
    /// It failed.
    #[serde(rename = "payment.failed")]
    PaymentFailed,
    /// Nobody paid in time.
    #[serde(rename = "payment.expired")]
    PaymentExpired,
    /// It was called off.
    #[serde(rename = "payment.canceled")]
    PaymentCanceled,
    /// A share waits because its merchant could not receive it.
    #[serde(rename = "leg.parked")]
    LegParked,
    /// An approval came after the payment had ended, and was given back.
    #[serde(rename = "payment.late_success_reversed")]
    LateSuccessReversed,
    /// A second approval came, and was given back.
    #[serde(rename = "payment.duplicate_success_reversed")]
    DuplicateSuccessReversed,
    /// A refund was made: the merchants gave their parts.
    #[serde(rename = "refund.created")]
    RefundCreated,
    /// The payer has a refund's money.
    #[serde(rename = "refund.succeeded")]
    RefundSucceeded,
    /// The acquirer refused a refund: the merchants have their parts again.
    #[serde(rename = "refund.failed")]
    RefundFailed,
}

impl EventKind {
    /// Every kind there is.
    pub const ALL: [Self; 12] = [
        Self::PaymentSucceeded,
        Self::PaymentAuthorized,
        Self::CaptureRefused,
        Self::PaymentFailed,
        Self::PaymentExpired,
        Self::PaymentCanceled,
        Self::LegParked,
        Self::LateSuccessReversed,
        Self::DuplicateSuccessReversed,
        Self::RefundCreated,
        Self::RefundSucceeded,
        Self::RefundFailed,
    ];

    /// The type's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentSucceeded => "payment.succeeded",
            Self::PaymentAuthorized => "payment.authorized",
            Self::CaptureRefused => "payment.capture_refused",
            Self::PaymentFailed => "payment.failed",
            Self::PaymentExpired => "payment.expired",
            Self::PaymentCanceled => "payment.canceled",
            Self::LegParked => "leg.parked",
            Self::LateSuccessReversed => "payment.late_success_reversed",
            Self::DuplicateSuccessReversed => "payment.duplicate_success_reversed",
            Self::RefundCreated => "refund.created",
            Self::RefundSucceeded => "refund.succeeded",
            Self::RefundFailed => "refund.failed",
        }
    }

    /// Reads that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The kind that tells of a payment's end, if it has ended.
    pub const fn of_end(state: &PaymentState) -> Option<Self> {
        match state {
            PaymentState::Captured { .. } => Some(Self::PaymentSucceeded),
            PaymentState::Failed { .. } => Some(Self::PaymentFailed),
            PaymentState::Expired { .. } => Some(Self::PaymentExpired),
            PaymentState::Canceled { .. } => Some(Self::PaymentCanceled),
            PaymentState::Created
            | PaymentState::Processing
            | PaymentState::RequiresAction
            | PaymentState::Authorized => None,
        }
    }

    /// Whether the payment's webhook hears of it: of its end, and of an approval that waits for the
    /// merchant (Flouci API, section 7).
    pub const fn is_told(self) -> bool {
        self.is_end() || matches!(self, Self::PaymentAuthorized)
    }

    /// Whether it tells of a payment's end.
    pub const fn is_end(self) -> bool {
        matches!(
            self,
            Self::PaymentSucceeded
                | Self::PaymentFailed
                | Self::PaymentExpired
                | Self::PaymentCanceled
        )
    }
}

/// The six words of the Flouci API, section 3; for ever these six.
pub const fn flouci_status(state: &PaymentState) -> &'static str {
    use crate::payment::FailureReason;
    match state {
        PaymentState::Created | PaymentState::Processing | PaymentState::RequiresAction => {
            "PENDING"
        }
        PaymentState::Authorized => "PREAUTH_SUCCESS",
        PaymentState::Captured { .. } => "SUCCESS",
        PaymentState::Failed { reason: FailureReason::Unresolved, .. } => "SYSTEM_FAILURE",
        PaymentState::Failed { reason: FailureReason::Declined, .. }
        | PaymentState::Canceled { .. } => "FAILURE",
        PaymentState::Expired { .. } => "EXPIRED",
    }
}

/// Whether the payer has done their part: what a webhook calls success. Receivers verify (Flouci API,
/// section 7).
pub const fn is_success(state: &PaymentState) -> bool {
    matches!(state, PaymentState::Captured { .. } | PaymentState::Authorized)
}

/// Something that happened to a payment. Its body is frozen: every delivery sends the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id, the same in every delivery.
    pub id: EventId,
    /// What it happened to.
    pub payment: PaymentId,
    /// Its number within the payment, from 1, without gaps.
    pub sequence: i64,
    /// What happened.
    pub kind: EventKind,
    /// The JSON that a POST sends.
    pub body: String,
    /// When.
    pub at: Timestamp,
}

/// A refund that an event tells of.
#[derive(Clone, Copy, Debug)]
pub struct RefundTold<'r> {
    /// The refund.
    pub refund: &'r Refund,
    /// What can still be given back of its payment.
    pub refundable: Amount,
}

impl RefundTold<'_> {
    fn json(&self) -> Value {
        let parts = self.refund.parts.iter();
        let reversals = parts.map(|part| {
            json!({"destination": part.destination, "amount_millimes": part.amount.millimes()})
        });
        json!({
            "refund_id": self.refund.id,
            "number": self.refund.number,
            "status": self.refund.state.as_str(),
            "amount_millimes": self.refund.amount.millimes(),
            "reversals": reversals.collect::<Vec<_>>(),
            "refundable_millimes": self.refundable.millimes(),
        })
    }
}

/// The frozen body: Flouci's four members at the top, the Standard Webhooks three beside them, and
/// a snapshot of the payment, with the refund that it tells of. No card number, phone or e-mail.
pub fn body_of(
    payment: &Payment,
    refund: Option<RefundTold<'_>>,
    kind: EventKind,
    sequence: i64,
    at: Timestamp,
) -> String {
    let status = flouci_status(&payment.state);
    let legs: Vec<_> = payment
        .legs
        .iter()
        .map(
            |leg| json!({"destination": leg.destination, "amount_millimes": leg.share().millimes()}),
        )
        .collect();
    let mut body = json!({
        "payment_id": payment.id,
        "success": is_success(&payment.state),
        "status": status,
        "developer_tracking_id": payment.developer_tracking_id,
        "type": kind.as_str(),
        "timestamp": at.rfc3339(),
        "data": {
            "payment_id": payment.id,
            "status": status,
            "state": payment.state.as_str(),
            "amount_millimes": payment.amount.millimes(),
            "captured_millimes": payment.captured().millimes(),
            "currency": payment.currency.code(),
            "legs": legs,
            "developer_tracking_id": payment.developer_tracking_id,
            "sequence": sequence,
            "livemode": payment.mode == crate::ids::Mode::Live,
            "api_version": "v2",
        },
    });
    if let Some(refund) = refund {
        body["data"]["refund"] = refund.json();
    }
    body.to_string()
}
