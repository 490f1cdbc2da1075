//! Does what an operator asks: a change through an operation or a command, a read straight from the
//! store.

use qisma_domain::account::{Account, AccountKind, Balance};
use qisma_domain::decide::resend_delivery::ResendDelivery;
use qisma_domain::decide::resolve_attempt::ResolveAttempt;
use qisma_domain::decide::resolve_capture::ResolveCapture;
use qisma_domain::decide::resolve_refund::ResolveRefund;
use qisma_domain::fees::FeePlan;
use qisma_domain::ids::{DeliveryId, MerchantId, Mode, PaymentId};
use qisma_domain::money::Currency;
use qisma_store::RunError;
use serde::Serialize;
use serde_json::value::RawValue;

use super::fees_view::FeesView;
use super::key_views::{ApiKeyView, AppView, TerminalView};
use super::views::{
    AttemptView, BalanceView, DeliveryView, MerchantView, PaymentRow, PaymentView, RefundView,
    WalletView,
};
use super::{AdminError, AdminRequest, AdminResult};
use crate::gateway::Gateway;
use crate::operations::{OperationError, api_keys, apps, merchants, terminals, wallets};
use crate::payer::outcome::{self, LookError};
use crate::verify;

/// The longest list. Whoever has more merchants or apps reads them through the API.
const LIST_MAX: i64 = 1_000;

impl From<OperationError> for AdminError {
    fn from(error: OperationError) -> Self {
        if error.is_unknown() {
            Self::unknown(error.to_string())
        } else {
            Self::refused(error.to_string())
        }
    }
}

impl From<qisma_store::ReadError> for AdminError {
    fn from(error: qisma_store::ReadError) -> Self {
        Self::refused(error.to_string())
    }
}

/// Does what was asked, and answers with JSON.
pub async fn execute(gateway: &Gateway, request: AdminRequest) -> AdminResult {
    Ok(match request {
        AdminRequest::MerchantCreate { name, id, image_url } => {
            let id = id.map(|id| id.to_string());
            let created =
                merchants::create(gateway, id.as_deref(), name, image_url.as_deref()).await?;
            json(&MerchantView::of(created))
        }
        AdminRequest::MerchantSetStatus { id, status } => {
            json(&MerchantView::of(merchants::set_status(gateway, id, status).await?))
        }
        AdminRequest::MerchantFeesSet { id, plan } => json(&set_fees(gateway, id, plan).await?),
        AdminRequest::MerchantFeesShow { id } => json(&show_fees(gateway, id).await?),
        AdminRequest::MerchantList => json(&list_merchants(gateway).await?),
        AdminRequest::AppCreate { merchant, mode, webhook_mode } => {
            json(&apps::create(gateway, merchant, mode, webhook_mode).await?)
        }
        AdminRequest::AppRotate { app, overlap_hours } => {
            json(&apps::rotate(gateway, app, overlap_hours).await?)
        }
        AdminRequest::AppList => json(&list_apps(gateway).await?),
        AdminRequest::ApiKeyCreate { merchant, mode, name } => {
            json(&api_keys::create(gateway, merchant, mode, name).await?)
        }
        AdminRequest::ApiKeyRevoke { id } => json(&revoke_api_key(gateway, &id).await?),
        AdminRequest::ApiKeyList => json(&list_api_keys(gateway).await?),
        AdminRequest::TerminalCreate { merchant, id, serial_number } => {
            json(&create_terminal(gateway, merchant, (&id, &serial_number)).await?)
        }
        AdminRequest::TerminalList => json(&list_terminals(gateway).await?),
        AdminRequest::WalletCreate { phone, name, mode, fund_millimes } => {
            json(&create_wallet(gateway, (&phone, name), mode, fund_millimes).await?)
        }
        AdminRequest::PaymentShow { id } => json(&show_payment(gateway, id).await?),
        AdminRequest::PaymentList { count_max } => {
            json(&list_payments(gateway, count_max.clamp(0, LIST_MAX)).await?)
        }
        AdminRequest::RefundList { payment, count_max } => {
            json(&list_refunds(gateway, payment, count_max.clamp(0, LIST_MAX)).await?)
        }
        AdminRequest::RefundResolve { payment, number, is_paid } => {
            json(&resolve_refund(gateway, ResolveRefund { payment, number, is_paid }).await?)
        }
        AdminRequest::CaptureResolve { payment, is_captured } => {
            json(&resolve_capture(gateway, ResolveCapture { payment, is_captured }).await?)
        }
        AdminRequest::AttemptList { count_max } => {
            json(&list_attempts(gateway, count_max.clamp(0, LIST_MAX)).await?)
        }
        AdminRequest::AttemptInquire { payment, number } => {
            inquire(gateway, payment, number).await?;
            json(&show_payment(gateway, payment).await?)
        }
        AdminRequest::AttemptClose { payment, number, force } => {
            let command = ResolveAttempt { payment, attempt: number, force };
            json(&close_attempt(gateway, command).await?)
        }
        AdminRequest::DeliveryList { payment, count_max } => {
            json(&list_deliveries(gateway, payment, count_max.clamp(0, LIST_MAX)).await?)
        }
        AdminRequest::DeliveryResend { id } => json(&resend(gateway, id).await?),
        AdminRequest::BalanceShow { merchant, mode } => {
            json(&show_balance(gateway, merchant, mode).await?)
        }
        AdminRequest::OrdersCompare => {
            let compared = verify::compare_orders(gateway).await;
            json(&compared.map_err(|error| AdminError::refused(error.to_string()))?)
        }
    })
}

fn json(answer: &impl Serialize) -> Box<RawValue> {
    // Maps with keys that are no text are what fails here, and no view has one.
    serde_json::value::to_raw_value(answer).expect("a view is JSON")
}

async fn list_merchants(gateway: &Gateway) -> Result<Vec<MerchantView>, AdminError> {
    let found = gateway.store.read(|reader| reader.merchants(-1, LIST_MAX)).await?;
    Ok(found.into_iter().map(MerchantView::of).collect())
}

async fn resend(gateway: &Gateway, id: DeliveryId) -> Result<DeliveryView, AdminError> {
    let command = ResendDelivery { delivery: id };
    let resent = gateway.store.run(command).await.map_err(OperationError::of_run)?;
    Ok(DeliveryView::of(&resent))
}

async fn list_apps(gateway: &Gateway) -> Result<Vec<AppView>, AdminError> {
    let read = gateway.store.read(|reader| {
        let apps = reader.apps(LIST_MAX)?;
        apps.into_iter()
            .map(|app| Ok(AppView::of(&app, reader.key_pairs_of_app(&app.id)?)))
            .collect()
    });
    Ok(read.await?)
}

async fn create_terminal(
    gateway: &Gateway,
    merchant: MerchantId,
    (id, serial_number): (&str, &str),
) -> Result<TerminalView, AdminError> {
    let created = terminals::create(gateway, merchant, id, serial_number).await?;
    Ok(TerminalView::of(&created))
}

async fn list_terminals(gateway: &Gateway) -> Result<Vec<TerminalView>, AdminError> {
    let read = gateway.store.read(|reader| reader.terminals(LIST_MAX));
    Ok(read.await?.iter().map(TerminalView::of).collect())
}

async fn create_wallet(
    gateway: &Gateway,
    (phone, name): (&str, String),
    mode: Mode,
    fund_millimes: i64,
) -> Result<WalletView, AdminError> {
    let wallet = wallets::create(gateway, phone, name, mode, fund_millimes).await?;
    let account = wallet.account();
    let balance = gateway.store.read(move |reader| reader.balance(&account)).await?;
    Ok(WalletView::of(wallet, balance))
}

async fn list_refunds(
    gateway: &Gateway,
    payment: Option<PaymentId>,
    count_max: i64,
) -> Result<Vec<RefundView>, AdminError> {
    let read = gateway.store.read(move |reader| reader.refunds(payment.as_ref(), count_max));
    Ok(read.await?.iter().map(RefundView::of).collect())
}

async fn list_payments(gateway: &Gateway, count_max: i64) -> Result<Vec<PaymentRow>, AdminError> {
    let read = gateway.store.read(move |reader| reader.payments(None, count_max));
    Ok(read.await?.iter().map(PaymentRow::of).collect())
}

async fn list_attempts(gateway: &Gateway, count_max: i64) -> Result<Vec<AttemptView>, AdminError> {
    let read = gateway.store.read(move |reader| reader.attempts_unresolved(count_max));
    Ok(read.await?.iter().map(AttemptView::of).collect())
}

async fn resolve_refund(
    gateway: &Gateway,
    command: ResolveRefund,
) -> Result<RefundView, AdminError> {
    let resolved = gateway.store.run(command).await.map_err(OperationError::of_run)?;
    // What stood behind it is due now.
    gateway.refund_news.tell_all();
    Ok(RefundView::of(&resolved))
}

async fn resolve_capture(
    gateway: &Gateway,
    command: ResolveCapture,
) -> Result<PaymentView, AdminError> {
    let payment = command.payment;
    gateway.store.run(command).await.map_err(OperationError::of_run)?;
    // What is held still may have to be let go now.
    gateway.refund_news.tell_all();
    show_payment(gateway, payment).await
}

async fn close_attempt(
    gateway: &Gateway,
    command: ResolveAttempt,
) -> Result<PaymentView, AdminError> {
    let payment = command.payment;
    gateway.store.run(command).await.map_err(OperationError::of_run)?;
    show_payment(gateway, payment).await
}

async fn list_deliveries(
    gateway: &Gateway,
    payment: Option<PaymentId>,
    count_max: i64,
) -> Result<Vec<DeliveryView>, AdminError> {
    let read = gateway.store.read(move |reader| reader.deliveries(payment.as_ref(), count_max));
    Ok(read.await?.iter().map(DeliveryView::of).collect())
}

async fn revoke_api_key(gateway: &Gateway, id: &str) -> Result<ApiKeyView, AdminError> {
    let key = api_keys::revoke(gateway, id).await?;
    let read = gateway.store.read(move |reader| Ok(reader.app(&key.app)?.map(|app| (key, app))));
    let found = read.await?.ok_or_else(|| AdminError::refused("the app of this key is gone"))?;
    Ok(ApiKeyView::of(found.0, &found.1))
}

async fn list_api_keys(gateway: &Gateway) -> Result<Vec<ApiKeyView>, AdminError> {
    let read = gateway.store.read(|reader| {
        let mut views = vec![];
        for key in reader.api_keys(LIST_MAX)? {
            let app = reader.app(&key.app)?;
            views.extend(app.map(|app| ApiKeyView::of(key, &app)));
        }
        Ok(views)
    });
    Ok(read.await?)
}

async fn show_payment(gateway: &Gateway, id: PaymentId) -> Result<PaymentView, AdminError> {
    let read = gateway.store.read(move |reader| {
        let Some(found) = reader.payment_by_link(&id)? else { return Ok(None) };
        let events = reader.events_of_payment(&id)?;
        let deliveries = reader.deliveries(Some(&id), LIST_MAX)?;
        let journal = reader.journal_of_payment(&id)?;
        Ok(Some(PaymentView::of(&found, &events, &deliveries, &journal)))
    });
    read.await?.ok_or_else(no_such_payment)
}

fn no_such_payment() -> AdminError {
    AdminError::refused("there is no payment with this id; `qisma payment list` shows the newest")
}

async fn inquire(gateway: &Gateway, payment: PaymentId, number: u16) -> Result<(), AdminError> {
    let found = gateway.store.read(move |reader| reader.payment_by_link(&payment)).await?;
    let found = found.ok_or_else(no_such_payment)?;
    let attempt = found.attempt(number).ok_or_else(|| {
        AdminError::refused("this payment has no such attempt; `qisma payment show` lists them")
    })?;
    if attempt.card().is_none() {
        return Err(AdminError::refused(
            "this attempt is by wallet, so there is no bank to ask; it ends with its code",
        ));
    }
    outcome::look_at(gateway, payment, number).await.map_err(|error| match error {
        LookError::Store(RunError::Unknown) => AdminError::unknown(error.to_string()),
        _ => AdminError::refused(error.to_string()),
    })?;
    Ok(())
}

async fn set_fees(
    gateway: &Gateway,
    id: MerchantId,
    plan: Option<FeePlan>,
) -> Result<FeesView, AdminError> {
    Ok(FeesView::of(&merchants::set_fees(gateway, id, plan).await?))
}

async fn show_fees(gateway: &Gateway, id: MerchantId) -> Result<FeesView, AdminError> {
    let found = gateway.store.read(move |reader| reader.merchant(id)).await?;
    Ok(FeesView::of(&found.ok_or_else(no_such_merchant)?))
}

fn no_such_merchant() -> AdminError {
    AdminError::refused("there is no merchant with this id; `qisma merchant list` shows them")
}

async fn show_balance(
    gateway: &Gateway,
    merchant: MerchantId,
    mode: Mode,
) -> Result<BalanceView, AdminError> {
    let read = gateway.store.read(move |reader| {
        if reader.merchant(merchant)?.is_none() {
            return Ok(None);
        }
        let of = |kind| reader.balance(&Account::merchant(merchant, kind, mode, Currency::Tnd));
        Ok(Some(Balances {
            pending: of(AccountKind::Pending)?,
            available: of(AccountKind::Available)?,
            reserve: of(AccountKind::Reserve)?,
            parked: of(AccountKind::Parked)?,
            debt: of(AccountKind::Debt)?,
        }))
    });
    Ok(read.await?.ok_or_else(no_such_merchant)?.view(merchant, mode))
}

/// The balances of a merchant's accounts, at one moment.
struct Balances {
    pending: Balance,
    available: Balance,
    reserve: Balance,
    parked: Balance,
    debt: Balance,
}

impl Balances {
    fn view(self, merchant: MerchantId, mode: Mode) -> BalanceView {
        let held = [self.pending, self.available, self.reserve, self.parked, self.debt]
            .iter()
            .fold(0_i64, |sum, balance| sum.saturating_add(balance.held_millimes));
        BalanceView {
            merchant,
            mode,
            currency: Currency::Tnd.code(),
            pending_millimes: self.pending.posted_millimes,
            available_millimes: self.available.available_millimes(),
            held_millimes: held,
            reserve_millimes: self.reserve.posted_millimes,
            parked_millimes: self.parked.posted_millimes,
            // The account says what we owe the merchant; what it owes us is the same, turned round.
            debt_millimes: self.debt.posted_millimes.saturating_neg(),
        }
    }
}
