//! A payment as lists show it (Flouci API, section 4).

use qisma_domain::ids::MerchantId;
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::v2::verified::{VerifiedLeg, view};

/// A payment in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryRow {
    /// The payment.
    #[schema(example = "FoPKKHqfQIKfBqhEj8M47A")]
    payment_id: String,
    /// `card`, `wallet`, `pos` at a terminal, or `online` before any attempt.
    #[schema(example = "card")]
    r#type: &'static str,
    /// What the payer pays, in millimes.
    #[schema(example = 10_000)]
    amount: i64,
    /// As in verify.
    #[schema(example = "SUCCESS")]
    status: &'static str,
    /// As in verify.
    #[schema(example = "PROCESSING")]
    settlement_status: &'static str,
    /// The caller's own reference, as sent.
    #[schema(required = true)]
    developer_tracking_id: Option<String>,
    /// The request's legs in order; empty without a split.
    destinations: Vec<VerifiedLeg>,
    /// When it was asked for.
    #[schema(example = "2026-11-23T10:30:00Z")]
    created_at: String,
    /// When anything about it changed last.
    #[schema(example = "2026-11-23T10:31:12Z")]
    updated_at: String,
}

impl HistoryRow {
    /// Shows a payment. `parked` names those whose share waits because they could not receive it.
    pub fn of(seen: &PaymentAggregate, parked: &[MerchantId], now: Timestamp) -> Self {
        let shown = view(seen, parked, now).into_payment();
        Self {
            payment_id: seen.payment.id.to_string(),
            r#type: shown.r#type,
            amount: shown.amount,
            status: shown.status,
            settlement_status: shown.settlement_status,
            developer_tracking_id: shown.developer_tracking_id,
            destinations: shown.details.destinations,
            created_at: seen.payment.created_at.rfc3339(),
            updated_at: seen.payment.updated_at.rfc3339(),
        }
    }
}
