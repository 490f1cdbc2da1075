//! Operations: what a merchant calls a payment by QR code. One operation is one payment, for ever.

use qisma_domain::event::flouci_status;
use qisma_domain::idempotency::{IdempotencyKey, IdempotencyScope};
use qisma_domain::payment::Payment;
use serde::Serialize;
use utoipa::ToSchema;

use crate::codes;
use crate::gateway::Gateway;
use crate::http::caller::CallingApp;
use crate::http::flouci::v2::fields::Fields;

/// Characters of an operation's name: a UUID has 36.
const OPERATION_CHARS_MAX: usize = 64;

/// The name of an operation, as it was sent.
pub fn required(fields: &mut Fields<'_>) -> Option<String> {
    let name = "operation_uuid";
    if !fields.is_present(name) {
        fields.refuse(name, "is required; send a fresh UUID for each payment");
        return None;
    }
    fields.parsed(name, |text| {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let is_name = text.len() <= OPERATION_CHARS_MAX && text.bytes().all(is_plain);
        is_name.then(|| text.to_owned()).ok_or(
            "must be a UUID, or another text of at most 64 letters, digits, hyphens, dots and \
             underscores",
        )
    })
}

/// Where an operation counts, in the words of an idempotency key: two requests that make it at once
/// make one payment. A merchant that sends such a key itself meets only its own operations.
pub fn scope(caller: &CallingApp, operation: &str) -> IdempotencyScope {
    let key = IdempotencyKey::from_stored(&format!("custom_qr/{operation}"));
    IdempotencyScope {
        merchant: caller.merchant,
        mode: caller.mode,
        about: None,
        key: key.expect("an operation's name is visible and short"),
    }
}

/// A payment by QR code, as its merchant sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct QrTransaction {
    /// What the merchant calls it.
    #[schema(example = "7c0e2f5e-6a0f-4c06-9f0b-2f8f3f3f9a10")]
    operation_uuid: String,
    /// The payment, as `verify_payment` knows it.
    #[schema(example = "FoPKKHqfQIKfBqhEj8M47A")]
    payment_id: String,
    /// The page to which the code leads.
    #[schema(example = "https://pay.example/pay/FoPKKHqfQIKfBqhEj8M47A")]
    link: String,
    /// What is paid.
    #[schema(example = 1000)]
    amount_in_millimes: i64,
    /// `PENDING`, `SUCCESS`, `EXPIRED` or `FAILURE`, as `verify_payment` says it.
    #[schema(example = "PENDING")]
    status: &'static str,
    /// When the code was made.
    #[schema(example = "2026-11-23T10:30:00Z")]
    created_at: String,
    /// When the status last changed.
    #[schema(example = "2026-11-23T10:30:00Z")]
    updated_at: String,
}

impl QrTransaction {
    /// Shows a payment.
    pub fn of(gateway: &Gateway, payment: &Payment) -> Self {
        Self {
            operation_uuid: payment.developer_tracking_id.clone().unwrap_or_default(),
            payment_id: payment.id.to_string(),
            link: codes::link_of(gateway, payment),
            amount_in_millimes: payment.amount.millimes(),
            status: flouci_status(&payment.state),
            created_at: payment.created_at.rfc3339(),
            updated_at: payment.updated_at.rfc3339(),
        }
    }
}
