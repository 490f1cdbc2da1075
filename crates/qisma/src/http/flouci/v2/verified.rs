//! A payment as `verify_payment` shows it. The members stand in the order of the Flouci API,
//! section 3; ours come after them.

use qisma_domain::attempt::{Attempt, AttemptState, CardDetails, RailAttempt};
use qisma_domain::event::flouci_status;
use qisma_domain::ids::MerchantId;
use qisma_domain::money::Amount;
use qisma_domain::payment::{Canceler, FailureReason, Payment, PaymentState};
use qisma_domain::refund::given_back;
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::split::LegKind;
use qisma_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::refund_payment::{RefundReversal, reversals_of, word_of};

/// The answer of `verify_payment`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verified {
    /// Always true for a payment that exists, whatever became of it; on v1's path, whether it is paid.
    #[schema(example = true)]
    success: bool,
    /// The payment.
    result: VerifiedPayment,
    /// Always 200.
    #[schema(example = 200)]
    status_code: u16,
    /// Always `developers`.
    #[schema(example = "developers")]
    name: &'static str,
    /// Always 0.
    #[schema(example = 0)]
    code: u8,
    /// Always `2.0.0`.
    #[schema(example = "2.0.0")]
    version: &'static str,
}

impl Verified {
    /// The payment alone.
    pub fn into_payment(self) -> VerifiedPayment {
        self.result
    }

    /// The same as v1 answers it: there, `success` says whether the payment is paid, because shops
    /// mark an order paid on it alone (Flouci API, section 6).
    #[must_use]
    pub fn as_v1(mut self) -> Self {
        self.success = self.result.status == "SUCCESS";
        self
    }
}

/// The payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedPayment {
    /// `card`, `wallet`, `pos` at a terminal, or `online` before any attempt.
    #[schema(example = "card")]
    pub r#type: &'static str,
    /// What the payer pays, in millimes; once it is captured, what was taken.
    #[schema(example = 10_000)]
    pub amount: i64,
    /// `SUCCESS`, `PENDING`, `EXPIRED`, `FAILURE`, `PREAUTH_SUCCESS` or `SYSTEM_FAILURE`.
    #[schema(example = "SUCCESS")]
    pub status: &'static str,
    /// What is known of the way it was paid, and how it was divided.
    pub details: Details,
    /// The caller's own reference, as sent.
    #[schema(required = true)]
    pub developer_tracking_id: Option<String>,
    /// `PROCESSING`, `AVAILABLE`, `IN_PAYOUT`, `PAID` or `NOT_APPLICABLE`.
    #[schema(example = "PROCESSING")]
    pub settlement_status: &'static str,
}

/// What is known of the way a payment was paid; unknown texts are empty.
#[derive(Debug, Serialize, ToSchema)]
pub struct Details {
    /// The order's number at the acquirer.
    order_number: String,
    /// The name on the card.
    name: String,
    /// The card's first six and last four digits.
    #[schema(example = "450921**1119")]
    pan: String,
    /// The card's scheme.
    #[schema(example = "VISA")]
    payment_system: String,
    /// When the card ends, `YYYYMM`.
    #[schema(example = "202612")]
    expiration: String,
    /// The issuer's approval code.
    approval_code: String,
    /// ISO 4217 number.
    #[schema(example = "788")]
    currency: &'static str,
    /// The payer's phone, masked; only of a wallet.
    #[schema(example = "** *** *56")]
    phone_number: String,
    /// Always empty.
    email: &'static str,
    /// The issuer's country.
    bank_country_code: String,
    /// The saved card, where this payment saved one or was paid with one.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    binding_id: String,
    /// The request's legs in order; empty without a split. The caller's remainder is not one.
    pub destinations: Vec<VerifiedLeg>,
    /// What is held for it, or was. Only of a payment that was pre-authorised.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<VerifiedAuthorization>,
    /// What was given back of it, or is on its way back. Only where there is any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<VerifiedRefund>,
    /// Why it was not paid: `declined`, `canceled_by_payer`, `canceled_by_merchant`, `expired` or
    /// `unresolved`. Only of a payment that ended unpaid.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Why the last attempt was declined, such as `insufficient_funds`. Only where one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_class: Option<&'static str>,
}

/// Money that is held until it is confirmed or canceled, or was.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedAuthorization {
    /// How much was approved, in millimes.
    #[schema(example = 10_000)]
    amount: i64,
    /// When it was approved.
    #[schema(example = "2025-01-15T10:30:00Z")]
    authorized_at: String,
    /// When it is let go, unless it is confirmed before.
    #[schema(example = "2025-01-22T10:30:00Z")]
    expires_at: String,
    /// Whether it is being confirmed, and only the acquirer can say what comes of it.
    capture_under_way: bool,
}

/// Money on its way back to the payer.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedRefund {
    /// The refund's id.
    #[schema(example = "ref_FoPKKHqfQIKfBqhEj8M47A")]
    refund_id: String,
    /// How much, in millimes.
    #[schema(example = 2_500)]
    amount: i64,
    /// `success` once the payer has the money, `pending` until then, `failed` if the acquirer refused.
    #[schema(example = "success")]
    status: &'static str,
    /// When the payer got the money, as far as we know; null until then.
    #[schema(required = true)]
    refunded_at: Option<String>,
    /// Whose shares it is taken from.
    reversals: Vec<RefundReversal>,
}

/// One merchant's share.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VerifiedLeg {
    /// The share, in millimes; once the payment is captured, of what was taken.
    #[schema(example = 8000)]
    amount: i64,
    /// The merchant's id.
    #[schema(example = "1234")]
    destination: String,
    /// The merchant's account that holds the share: `pending` until it is settled, `available`, or
    /// `parked` while the merchant cannot receive; null until the payment is captured.
    #[schema(required = true)]
    credited_to: Option<&'static str>,
}

/// Shows a payment. `parked` names those whose share waits because they could not receive it.
pub fn view(seen: &PaymentAggregate, parked: &[MerchantId], now: Timestamp) -> Verified {
    let payment = &seen.payment;
    let attempt = shown_attempt(seen);
    let captured_rail = match payment.state {
        PaymentState::Captured { .. } => attempt.map(|attempt| &attempt.rail),
        _ => None,
    };
    let credited_to = captured_rail.map(|rail| match rail {
        RailAttempt::Card(_) if !payment.is_settled() => "pending",
        RailAttempt::Card(_) | RailAttempt::Wallet(_) => "available",
    });
    Verified {
        success: true,
        result: VerifiedPayment {
            r#type: rail_of(payment, attempt),
            amount: shown_amount(payment).millimes(),
            status: flouci_status(&payment.state),
            details: details(seen, attempt, legs(payment, credited_to, parked)),
            developer_tracking_id: payment.developer_tracking_id.clone(),
            settlement_status: settlement_status(seen, now),
        },
        status_code: 200,
        name: "developers",
        code: 0,
        version: "2.0.0",
    }
}

/// Card money comes from the acquirer on the next business day; wallet money is here (Flouci API,
/// section 3). Time alone decides, however late the books follow it.
fn settlement_status(seen: &PaymentAggregate, now: Timestamp) -> &'static str {
    let payment = &seen.payment;
    let is_captured = matches!(payment.state, PaymentState::Captured { .. });
    if !is_captured || given_back(&seen.refunds) == payment.captured() {
        return "NOT_APPLICABLE";
    }
    match payment.settlement {
        Some(settlement) if now < settlement.at => "PROCESSING",
        _ => "AVAILABLE",
    }
}

/// What was taken; before that, what is asked for.
const fn shown_amount(payment: &Payment) -> Amount {
    match payment.state {
        PaymentState::Captured { amount, .. } => amount,
        _ => payment.amount,
    }
}

/// By which way it is paid. What a terminal took is `pos`, whichever card it read.
fn rail_of(payment: &Payment, attempt: Option<&Attempt>) -> &'static str {
    if payment.channel.terminal().is_some() {
        return "pos";
    }
    attempt.map_or("online", Attempt::rail_str)
}

/// The attempt that paid, or whose approval holds the money; else the latest.
fn shown_attempt(seen: &PaymentAggregate) -> Option<&Attempt> {
    match seen.payment.state {
        PaymentState::Captured { attempt, .. } => seen.attempt(attempt),
        PaymentState::Authorized => seen.authorized_attempt(),
        _ => seen.attempts.iter().max_by_key(|attempt| attempt.number),
    }
}

fn legs(
    payment: &Payment,
    credited_to: Option<&'static str>,
    parked: &[MerchantId],
) -> Vec<VerifiedLeg> {
    let asked_for = payment.legs.iter().filter(|leg| leg.kind == LegKind::Fixed);
    let shown = asked_for.map(|leg| VerifiedLeg {
        amount: leg.share().millimes(),
        destination: leg.destination.to_string(),
        credited_to: match credited_to {
            Some(_) if parked.contains(&leg.destination) => Some("parked"),
            other => other,
        },
    });
    shown.collect()
}

fn details(
    seen: &PaymentAggregate,
    attempt: Option<&Attempt>,
    destinations: Vec<VerifiedLeg>,
) -> Details {
    let card = attempt.and_then(Attempt::card);
    let wallet = attempt.and_then(Attempt::wallet);
    let CardDetails {
        masked_pan,
        expiration,
        cardholder_name,
        payment_system,
        approval_code,
        bank_country_code,
        binding_id,
    } = *card.and_then(|card| card.card.clone()).unwrap_or_default();
    let reason = reason(&seen.payment.state);
    Details {
        order_number: card.map(|card| card.order_number.clone()).unwrap_or_default(),
        name: cardholder_name,
        pan: masked_pan,
        payment_system,
        expiration,
        approval_code,
        currency: seen.payment.currency.number(),
        phone_number: wallet.map(|wallet| wallet.phone.masked()).unwrap_or_default(),
        email: "",
        bank_country_code,
        binding_id,
        destinations,
        authorization: authorization(&seen.payment),
        refunds: refunds(seen),
        reason,
        decline_class: reason.and_then(|_| last_decline(seen)),
    }
}

fn authorization(payment: &Payment) -> Option<VerifiedAuthorization> {
    payment.authorization.as_ref().map(|held| VerifiedAuthorization {
        amount: payment.amount.millimes(),
        authorized_at: held.at.rfc3339(),
        expires_at: held.expires_at.rfc3339(),
        capture_under_way: held.step.capturing().is_some(),
    })
}

fn refunds(seen: &PaymentAggregate) -> Vec<VerifiedRefund> {
    let shown = seen.refunds.iter().map(|refund| {
        let (status, refunded_at) = word_of(&refund.state);
        VerifiedRefund {
            refund_id: refund.id.to_string(),
            amount: refund.amount.millimes(),
            status,
            refunded_at,
            reversals: reversals_of(refund),
        }
    });
    shown.collect()
}

/// Why a payment ended unpaid.
const fn reason(state: &PaymentState) -> Option<&'static str> {
    match state {
        PaymentState::Failed { reason: FailureReason::Declined, .. } => Some("declined"),
        PaymentState::Failed { reason: FailureReason::Unresolved, .. } => Some("unresolved"),
        PaymentState::Canceled { by: Canceler::Payer, .. } => Some("canceled_by_payer"),
        PaymentState::Canceled { by: Canceler::Merchant, .. } => Some("canceled_by_merchant"),
        PaymentState::Expired { .. } => Some("expired"),
        PaymentState::Created
        | PaymentState::Processing
        | PaymentState::RequiresAction
        | PaymentState::Authorized
        | PaymentState::Captured { .. } => None,
    }
}

fn last_decline(seen: &PaymentAggregate) -> Option<&'static str> {
    seen.attempts.iter().rev().find_map(|attempt| match attempt.state {
        AttemptState::Declined { class, .. } => Some(class.as_str()),
        _ => None,
    })
}
