//! Every event type has a schema in docs/events, and what we send has exactly its members.

use qisma_domain::account::AccountKind;
use qisma_domain::event::{EventKind, RefundTold, body_of};
use qisma_domain::ids::{AppId, MerchantId, Mode, PaymentId, RefundId};
use qisma_domain::link::{Link, LinkKind};
use qisma_domain::money::{Amount, Currency};
use qisma_domain::payment::{Canceler, Channel, FailureReason, Payment, PaymentState};
use qisma_domain::refund::{Refund, RefundPart, RefundState};
use qisma_domain::split::Split;
use qisma_domain::time::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

const AT: Timestamp = Timestamp::from_secs(1_764_000_000);

fn payment(state: PaymentState) -> Payment {
    let merchant = MerchantId::parse("1000").expect("a good example");
    let amount = Amount::from_millimes(10_000).expect("a good example");
    let link =
        Link::parse("https://shop.example/", LinkKind::Success, true).expect("a good example");
    Payment {
        id: PaymentId::from_bytes([9; 16]),
        merchant,
        app: AppId::from_bytes([8; 16]),
        mode: Mode::Test,
        amount,
        currency: Currency::Tnd,
        legs: Split::resolve(amount, merchant, &[]).expect("a good example").into_legs(),
        fee_plan: None,
        settlement: None,
        state,
        created_at: AT,
        updated_at: AT,
        expires_at: AT.plus_secs(1_200),
        channel: Channel::Online,
        success_link: Some(link.clone()),
        fail_link: Some(link),
        webhook: None,
        developer_tracking_id: Some("order-42".into()),
        accept_card: true,
        image_url: None,
        client: None,
        hold_secs: None,
        authorization: None,
        sequence: 0,
        version: 1,
    }
}

fn refund() -> Refund {
    let amount = Amount::from_millimes(10_000).expect("a good example");
    let part = RefundPart {
        leg: 1,
        destination: MerchantId::parse("1000").expect("a good example"),
        amount,
        credited_to: AccountKind::Available,
        from_credited: amount,
        from_available: Amount::ZERO,
        from_debt: Amount::ZERO,
    };
    Refund {
        id: RefundId::from_bytes([7; 16]),
        payment: PaymentId::from_bytes([9; 16]),
        number: 1,
        amount,
        parts: vec![part],
        state: RefundState::Pending,
        next_look_at: None,
        looks: 0,
        needs_operator: false,
        asked_at: AT,
        updated_at: AT,
        version: 1,
    }
}

/// A state in which an event of this kind is written.
fn state_of(kind: EventKind) -> PaymentState {
    match kind {
        EventKind::PaymentSucceeded
        | EventKind::RefundCreated
        | EventKind::RefundSucceeded
        | EventKind::RefundFailed
        | EventKind::LegParked
        | EventKind::DuplicateSuccessReversed => {
            PaymentState::Captured { attempt: 1, amount: Amount::ZERO, at: AT }
        }
        EventKind::PaymentAuthorized | EventKind::CaptureRefused => PaymentState::Authorized,
        EventKind::PaymentFailed => {
            PaymentState::Failed { reason: FailureReason::Declined, at: AT }
        }
        EventKind::PaymentExpired | EventKind::LateSuccessReversed => {
            PaymentState::Expired { at: AT }
        }
        EventKind::PaymentCanceled => PaymentState::Canceled { by: Canceler::Payer, at: AT },
    }
}

fn schema_of(kind: EventKind) -> Value {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events");
    let path = format!("{root}/{}.json", kind.as_str());
    let text = std::fs::read_to_string(&path).expect("docs/events has a schema for each event");
    serde_json::from_str(&text).expect("a schema is JSON")
}

/// Checks what our schemas use of JSON Schema: members, constants and enumerations.
fn check(value: &Value, schema: &Value, place: &str) {
    if let Some(wanted) = schema.get("const") {
        assert_eq!(value, wanted, "{place}");
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
        assert!(allowed.contains(value), "{place} is {value}");
    }
    if let Some(members) = schema.get("properties").and_then(Value::as_object) {
        let found: BTreeSet<_> = value.as_object().expect("an object").keys().collect();
        assert_eq!(found, members.keys().collect(), "{place}");
        for (name, schema) in members {
            check(&value[name], schema, &format!("{place}.{name}"));
        }
    }
    for item in value.as_array().into_iter().flatten() {
        check(item, &schema["items"], &format!("{place}[]"));
    }
}

#[test]
fn every_event_has_exactly_the_members_of_its_schema() {
    for kind in EventKind::ALL {
        let refund = refund();
        let told = RefundTold { refund: &refund, refundable: Amount::ZERO };
        let told = Some(told).filter(|_| kind.as_str().starts_with("refund."));
        let body = body_of(&payment(state_of(kind)), told, kind, 1, AT);
        let body: Value = serde_json::from_str(&body).unwrap();
        check(&body, &schema_of(kind), kind.as_str());
    }
}
