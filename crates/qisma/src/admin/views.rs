//! What operators are shown: the shapes of the command line's JSON, times as RFC 3339 and money in
//! millimes. Nothing secret is in them: no key but the public one, a phone only in part.

use qisma_domain::account::Balance;
use qisma_domain::attempt::{Attempt, RailAttempt, Reversal};
use qisma_domain::delivery::{Delivery, DeliveryMethod, DeliveryState};
use qisma_domain::event::{Event, EventKind, flouci_status};
use qisma_domain::ids::{
    AppId, DeliveryId, EventId, MerchantId, Mode, PaymentId, RefundId, WalletId,
};
use qisma_domain::link::Link;
use qisma_domain::merchant::{Merchant, MerchantStatus};
use qisma_domain::payment::Payment;
use qisma_domain::refund::{Refund, RefundPart, RefundState};
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::split::Leg;
use qisma_domain::time::Timestamp;
use qisma_domain::wallet::Wallet;
use qisma_store::JournalLine;
use serde::Serialize;

use super::held::AuthorizationView;

/// A merchant.
#[derive(Serialize)]
pub struct MerchantView {
    id: MerchantId,
    name: String,
    status: MerchantStatus,
    image_url: Option<Link>,
    created_at: String,
}

impl MerchantView {
    pub fn of(merchant: Merchant) -> Self {
        Self {
            id: merchant.id,
            name: merchant.name,
            status: merchant.status,
            image_url: merchant.image_url,
            created_at: merchant.created_at.rfc3339(),
        }
    }
}

/// A wallet and its money.
#[derive(Serialize)]
pub struct WalletView {
    wallet_id: WalletId,
    /// In part: enough to recognise it by.
    phone: String,
    name: String,
    mode: Mode,
    balance_millimes: i64,
    created_at: String,
}

impl WalletView {
    pub fn of(wallet: Wallet, balance: Balance) -> Self {
        Self {
            wallet_id: wallet.id,
            phone: wallet.phone.masked(),
            name: wallet.name,
            mode: wallet.mode,
            balance_millimes: balance.posted_millimes,
            created_at: wallet.created_at.rfc3339(),
        }
    }
}

/// A payment in a list.
#[derive(Serialize)]
pub struct PaymentRow {
    payment_id: PaymentId,
    merchant: MerchantId,
    mode: Mode,
    amount_millimes: i64,
    currency: &'static str,
    state: &'static str,
    status: &'static str,
    created_at: String,
    expires_at: String,
}

impl PaymentRow {
    pub fn of(payment: &Payment) -> Self {
        Self {
            payment_id: payment.id,
            merchant: payment.merchant,
            mode: payment.mode,
            amount_millimes: payment.amount.millimes(),
            currency: payment.currency.code(),
            state: payment.state.as_str(),
            status: flouci_status(&payment.state),
            created_at: payment.created_at.rfc3339(),
            expires_at: payment.expires_at.rfc3339(),
        }
    }
}

/// Everything about a payment.
#[derive(Serialize)]
pub struct PaymentView {
    #[serde(flatten)]
    row: PaymentRow,
    app_id: AppId,
    updated_at: String,
    accept_card: bool,
    channel: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminal: Option<String>,
    success_link: Option<Link>,
    fail_link: Option<Link>,
    webhook_origin: Option<String>,
    developer_tracking_id: Option<String>,
    captured_millimes: i64,
    /// What is held until the merchant takes it, or was.
    authorization: Option<AuthorizationView>,
    legs: Vec<Leg>,
    /// What the gateway takes of it once it is captured, and the tax on that.
    fee_millimes: i64,
    tax_millimes: i64,
    /// When card money is here; none by wallet, where it is at once.
    settles_at: Option<String>,
    is_settled: bool,
    attempts: Vec<AttemptView>,
    refunds: Vec<RefundView>,
    events: Vec<EventView>,
    deliveries: Vec<DeliveryView>,
    journal: Vec<JournalView>,
}

impl PaymentView {
    pub fn of(
        found: &PaymentAggregate,
        events: &[Event],
        deliveries: &[Delivery],
        journal: &[JournalLine],
    ) -> Self {
        let payment = &found.payment;
        let charge = payment.fee_plan.map(|plan| plan.charge(payment.amount)).unwrap_or_default();
        Self {
            row: PaymentRow::of(payment),
            app_id: payment.app,
            updated_at: payment.updated_at.rfc3339(),
            accept_card: payment.accept_card,
            channel: payment.channel.as_str(),
            terminal: payment.channel.terminal().map(|terminal| terminal.as_str().to_owned()),
            success_link: payment.success_link.clone(),
            fail_link: payment.fail_link.clone(),
            // A receiver may carry its own secret in path or query: the origin says enough.
            webhook_origin: payment.webhook.as_ref().map(Link::origin),
            developer_tracking_id: payment.developer_tracking_id.clone(),
            captured_millimes: payment.captured().millimes(),
            authorization: AuthorizationView::of(payment),
            legs: payment.legs.clone(),
            fee_millimes: charge.fee_millimes,
            tax_millimes: charge.tax_millimes,
            settles_at: payment.settlement.map(|settlement| settlement.at.rfc3339()),
            is_settled: payment.is_settled(),
            attempts: found.attempts.iter().map(AttemptView::of).collect(),
            refunds: found.refunds.iter().map(RefundView::of).collect(),
            events: events.iter().map(EventView::of).collect(),
            deliveries: deliveries.iter().map(DeliveryView::of).collect(),
            journal: journal.iter().map(JournalView::of).collect(),
        }
    }
}

/// An attempt.
#[derive(Serialize)]
pub struct AttemptView {
    payment_id: PaymentId,
    number: u16,
    rail: &'static str,
    state: &'static str,
    started_at: String,
    updated_at: String,
    /// Card: our reference at the acquirer.
    order_number: Option<String>,
    /// Card: the acquirer's own id of the order.
    order_id: Option<String>,
    /// Card: when the bank is asked again.
    next_look_at: Option<String>,
    /// Card: whether an operator has to decide.
    needs_operator: Option<bool>,
    /// Card: how far giving back an unwanted approval has come.
    reversal: Option<Reversal>,
    /// Wallet: the phone, in part.
    phone: Option<String>,
}

impl AttemptView {
    pub fn of(attempt: &Attempt) -> Self {
        let card = attempt.card();
        Self {
            payment_id: attempt.payment,
            number: attempt.number,
            rail: attempt.rail_str(),
            state: attempt.state.as_str(),
            started_at: attempt.started_at.rfc3339(),
            updated_at: attempt.updated_at.rfc3339(),
            order_number: card.map(|card| card.order_number.clone()),
            order_id: card.and_then(|card| card.opened.as_ref()).map(|o| o.order_id.clone()),
            next_look_at: card.and_then(|card| card.next_look_at).map(Timestamp::rfc3339),
            needs_operator: card.map(|card| card.needs_operator),
            reversal: card.map(|card| card.reversal),
            phone: match &attempt.rail {
                RailAttempt::Wallet(wallet) => Some(wallet.phone.masked()),
                RailAttempt::Card(_) => None,
            },
        }
    }
}

/// A refund.
#[derive(Serialize)]
pub struct RefundView {
    refund_id: RefundId,
    payment_id: PaymentId,
    number: u16,
    amount_millimes: i64,
    state: &'static str,
    asked_at: String,
    updated_at: String,
    /// When it is looked after again.
    next_look_at: Option<String>,
    /// Whether an operator has to decide.
    needs_operator: bool,
    /// The acquirer's number of why it failed.
    failure_code: Option<i64>,
    /// Whose shares it is taken from; shown with the payment.
    reversals: Vec<ReversalView>,
}

/// What a refund takes from one share.
#[derive(Serialize)]
struct ReversalView {
    leg: u16,
    destination: MerchantId,
    amount_millimes: i64,
    /// How much of it the merchant owes to the platform instead.
    debt_millimes: i64,
}

impl RefundView {
    pub fn of(refund: &Refund) -> Self {
        let reversal = |part: &RefundPart| ReversalView {
            leg: part.leg,
            destination: part.destination,
            amount_millimes: part.amount.millimes(),
            debt_millimes: part.from_debt.millimes(),
        };
        Self {
            refund_id: refund.id,
            payment_id: refund.payment,
            number: refund.number,
            amount_millimes: refund.amount.millimes(),
            state: refund.state.as_str(),
            asked_at: refund.asked_at.rfc3339(),
            updated_at: refund.updated_at.rfc3339(),
            next_look_at: refund.next_look_at.map(Timestamp::rfc3339),
            needs_operator: refund.needs_operator,
            failure_code: match refund.state {
                RefundState::Failed { code, .. } => Some(code),
                _ => None,
            },
            reversals: refund.parts.iter().map(reversal).collect(),
        }
    }
}

/// An event.
#[derive(Serialize)]
struct EventView {
    event_id: EventId,
    sequence: i64,
    #[serde(rename = "type")]
    kind: EventKind,
    at: String,
}

impl EventView {
    fn of(event: &Event) -> Self {
        Self {
            event_id: event.id,
            sequence: event.sequence,
            kind: event.kind,
            at: event.at.rfc3339(),
        }
    }
}

/// A delivery.
#[derive(Serialize)]
pub struct DeliveryView {
    delivery_id: DeliveryId,
    payment_id: PaymentId,
    event_id: EventId,
    app_id: AppId,
    /// Where it goes, without path and query.
    origin: String,
    method: DeliveryMethod,
    state: &'static str,
    tries: u16,
    next_at: Option<String>,
    last_result: Option<String>,
    created_at: String,
}

impl DeliveryView {
    pub fn of(delivery: &Delivery) -> Self {
        Self {
            delivery_id: delivery.id,
            payment_id: delivery.payment,
            event_id: delivery.event,
            app_id: delivery.app,
            origin: delivery.origin.clone(),
            method: delivery.method,
            state: delivery.state.as_str(),
            tries: delivery.tries,
            next_at: match delivery.state {
                DeliveryState::Pending { next_at } => Some(next_at.rfc3339()),
                _ => None,
            },
            last_result: delivery.last_result.clone(),
            created_at: delivery.created_at.rfc3339(),
        }
    }
}

/// A line of the journal.
#[derive(Serialize)]
struct JournalView {
    entry: String,
    at: String,
    owner: String,
    account: String,
    amount_millimes: i64,
}

impl JournalView {
    fn of(line: &JournalLine) -> Self {
        Self {
            entry: line.entry.clone(),
            at: Timestamp::from_micros(line.at_us).rfc3339(),
            owner: line.owner.clone(),
            account: line.account.clone(),
            amount_millimes: line.amount_millimes,
        }
    }
}

/// What a merchant's accounts hold, in one mode.
#[derive(Serialize)]
pub struct BalanceView {
    pub merchant: MerchantId,
    pub mode: Mode,
    pub currency: &'static str,
    pub pending_millimes: i64,
    pub available_millimes: i64,
    pub held_millimes: i64,
    pub reserve_millimes: i64,
    pub parked_millimes: i64,
    pub debt_millimes: i64,
}
