//! One order of the acquirer, from its members to facts. Money is decided by the amounts: the
//! status of a partly refunded order differs between builds, and an answer whose status and
//! amounts disagree is not believed.

use qisma_domain::binding::BindingId;

use super::UnknownReason;
use super::card::CardDetails;
use super::facts::{OrderFacts, OrderState};
use super::wire::Members;

#[derive(Clone, Copy)]
struct Amounts {
    deposited: i64,
    refunded: i64,
    refunded_is_told: bool,
}

/// Reads an order from the answer of `getOrderStatusExtended.do`, or from the flatter one of the
/// older `getOrderStatus.do`.
pub(super) fn order_facts(members: &Members) -> Result<OrderFacts, UnknownReason> {
    let order_number = members.text("orderNumber").ok_or(UnknownReason::Member("orderNumber"))?;
    let amount = amount(members, "amount")?.ok_or(UnknownReason::Member("amount"))?;
    let currency = members.text("currency").ok_or(UnknownReason::Member("currency"))?;
    let status = members.integer("orderStatus")?.ok_or(UnknownReason::Member("orderStatus"))?;
    let amounts = amounts(members, status, amount)?;
    Ok(OrderFacts {
        order_id: order_id(members),
        order_number,
        amount_millimes: amount,
        currency,
        state: state(status, members.integer("actionCode")?, amounts)?,
        deposited_millimes: amounts.deposited,
        refunded_millimes: amounts.refunded,
        refunded_is_told: amounts.refunded_is_told,
        card: card(members)?,
    })
}

fn order_id(members: &Members) -> Option<String> {
    let attributes = members.list("attributes").unwrap_or_default();
    attributes
        .iter()
        .find(|attribute| attribute.text("name").is_some_and(|name| name == "mdOrder"))
        .and_then(|attribute| attribute.text("value"))
        .or_else(|| members.text("mdOrder"))
        .or_else(|| members.text("orderId"))
}

fn amount(members: &Members, name: &'static str) -> Result<Option<i64>, UnknownReason> {
    match members.integer(name)? {
        Some(amount) if amount < 0 => Err(UnknownReason::Member(name)),
        amount => Ok(amount),
    }
}

fn amounts(members: &Members, status: i64, whole: i64) -> Result<Amounts, UnknownReason> {
    let info = members.object("paymentAmountInfo")?;
    let told = match amount(&info, "depositedAmount")? {
        Some(deposited) => Some(deposited),
        None => amount(members, "depositAmount")?,
    };
    // Without amounts the status is all there is.
    let deposited = told.unwrap_or(if matches!(status, 2 | 4) { whole } else { 0 });
    let refunded = amount(&info, "refundedAmount")?;
    Ok(Amounts {
        deposited,
        refunded: refunded.unwrap_or(if status == 4 { deposited } else { 0 }),
        refunded_is_told: refunded.is_some(),
    })
}

/// The values of `orderStatus` are BPC's.
fn state(
    status: i64,
    action_code: Option<i64>,
    amounts: Amounts,
) -> Result<OrderState, UnknownReason> {
    let Amounts { deposited, refunded, .. } = amounts;
    let unpaid = |state| {
        if deposited == 0 { Ok(state) } else { Err(UnknownReason::Contradiction) }
    };
    match status {
        0 => unpaid(OrderState::Registered),
        1 => unpaid(OrderState::PreAuthorized),
        // Either status is used for a partial refund.
        2 | 4 if deposited == 0 && refunded == 0 => Err(UnknownReason::Contradiction),
        2 | 4 if refunded >= deposited => Ok(OrderState::Refunded),
        2 | 4 => Ok(OrderState::Deposited),
        3 => Ok(OrderState::Reversed),
        5 => unpaid(OrderState::AcsStarted),
        6 => unpaid(OrderState::declined(action_code)),
        7 => unpaid(OrderState::Pending),
        8 => Ok(OrderState::Partial),
        _ => Err(UnknownReason::Member("orderStatus")),
    }
}

fn card(members: &Members) -> Result<Option<CardDetails>, UnknownReason> {
    let info = members.object("cardAuthInfo")?;
    let bank = members.object("bankInfo")?;
    let saved = members.object("bindingInfo")?.text("bindingId");
    let either = |name: &str| info.text(name).or_else(|| members.text(name));
    let card = CardDetails {
        masked_pan: info.text("maskedPan").or_else(|| either("pan")),
        expiration: either("expiration"),
        cardholder_name: either("cardholderName"),
        payment_system: either("paymentSystem"),
        approval_code: either("approvalCode"),
        bank_country_code: bank.text("bankCountryCode"),
        rrn: members.text("authRefNum"),
        binding_id: saved.and_then(|id| BindingId::parse(&id).ok()),
    };
    Ok(card.clean())
}
