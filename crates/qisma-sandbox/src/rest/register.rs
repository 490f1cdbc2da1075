//! `register.do` and `registerPreAuth.do`: a merchant announces an order and gets the address of the
//! page on which it can be paid.

use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde_json::{Value, json};
use url::Url;

use super::refusal::Refusal;
use super::{Call, Endpoint};
use crate::app::App;
use crate::faults::Kind;
use crate::lang::Lang;
use crate::orders::{self, Order, State};
use crate::web::Fields;
use crate::{books, currency, limits};

pub(super) async fn answer(app: &Arc<App>, call: &Call) -> Result<Option<Value>, Refusal> {
    let order = read(app, call)?;
    let kept = order.clone();
    if !app.books.transact(move |tx| books::insert(tx, &kept)).await? {
        return Err(Refusal::DuplicateOrderNumber);
    }
    let number = Some(order.order_number.as_str());
    if app.faults.take(call.endpoint.name(), number, &[Kind::ForgedCallback]).is_some() {
        app.callbacks.forge(&order);
    }
    // No errorCode beside these: clients of the family take its mere presence for a failure.
    Ok(Some(json!({
        "orderId": order.id,
        "formUrl": format!(
            "{}/payment/merchants/SANDBOX/payment.html?mdOrder={}&language={}",
            app.public_url, order.id, order.language
        ),
    })))
}

/// Reads the order that a call describes.
fn read(app: &App, call: &Call) -> Result<Order, Refusal> {
    let fields = &call.fields;
    let created_ms = app.clock.now_ms();
    let language = fields.get("language").and_then(Lang::parse).unwrap_or(Lang::Fr);
    let description = fields.get("description").unwrap_or("");
    if description.chars().count() > limits::DESCRIPTION_CHARS_MAX {
        return Err(Refusal::WrongValue("description"));
    }
    Ok(Order {
        order_number: order_number(fields)?,
        amount: amount(fields)?,
        currency: currency_code(fields)?,
        return_url: link(fields, "returnUrl")?.ok_or(Refusal::Missing("returnUrl"))?,
        fail_url: link(fields, "failUrl")?,
        callback_url: link(fields, "dynamicCallbackUrl")?,
        expires_ms: expires_ms(fields, created_ms)?,
        id: app.random.order_id(),
        user_name: call.user_name.clone(),
        description: description.to_owned(),
        language: language.code().to_owned(),
        terminal: terminal(call)?,
        ip: fields.get("ip").unwrap_or("127.0.0.1").chars().take(45).collect(),
        two_phase: call.endpoint == Endpoint::RegisterPreAuth,
        created_ms,
        state: State::Registered,
        action_code: orders::NOT_TRIED,
        approved: 0,
        deposited: 0,
        refunded: 0,
        card: None,
        approval: None,
        deposited_ms: None,
    })
}

/// The terminal that `jsonParams` names, as sister gateways of the family write it, and whose it is:
/// the number of a merchant behind this login, or the login itself. Whatever else stands there is for
/// the merchant's own use.
fn terminal(call: &Call) -> Result<Option<String>, Refusal> {
    let Some(text) = call.fields.get("jsonParams") else { return Ok(None) };
    let Ok(Value::Object(params)) = serde_json::from_str(text) else {
        return Err(Refusal::WrongValue("jsonParams"));
    };
    let member = |name: &str| params.get(name).and_then(Value::as_str);
    let Some(id) = member("force_terminal_id") else { return Ok(None) };
    let merchant = member("merchant_id").unwrap_or(&call.user_name);
    let is_name = |text: &str| {
        !text.is_empty()
            && text.chars().count() <= limits::TERMINAL_CHARS_MAX
            && !text.contains('/')
    };
    if !is_name(id) || (merchant != call.user_name && !is_name(merchant)) {
        return Err(Refusal::WrongValue("jsonParams"));
    }
    Ok(Some(orders::terminal_name(merchant, id)))
}

fn order_number(fields: &Fields) -> Result<String, Refusal> {
    let number = fields.get("orderNumber").ok_or(Refusal::Missing("orderNumber"))?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if number.len() > limits::ORDER_NUMBER_CHARS_MAX || !number.bytes().all(allowed) {
        return Err(Refusal::BadOrderNumber);
    }
    Ok(number.to_owned())
}

fn amount(fields: &Fields) -> Result<i64, Refusal> {
    let text = fields.get("amount").ok_or(Refusal::Missing("amount"))?;
    match whole_number(text) {
        Some(amount @ 1..=limits::AMOUNT_MAX) => Ok(amount),
        _ => Err(Refusal::WrongValue("amount")),
    }
}

fn currency_code(fields: &Fields) -> Result<String, Refusal> {
    let code = fields.get("currency").unwrap_or(currency::DEFAULT);
    if currency::is_known(code) { Ok(code.to_owned()) } else { Err(Refusal::UnknownCurrency) }
}

fn link(fields: &Fields, name: &'static str) -> Result<Option<String>, Refusal> {
    let Some(text) = fields.get(name) else { return Ok(None) };
    let absolute = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !absolute || text.chars().count() > limits::URL_CHARS_MAX {
        return Err(Refusal::WrongValue(name));
    }
    Ok(Some(text.to_owned()))
}

/// When the order can no longer be paid. `expirationDate` wins; a time without a zone is UTC here.
fn expires_ms(fields: &Fields, created_ms: i64) -> Result<i64, Refusal> {
    if let Some(text) = fields.get("expirationDate") {
        return time_ms("%Y-%m-%dT%H:%M:%S", text)
            .filter(|expires_ms| *expires_ms > created_ms)
            .ok_or(Refusal::WrongValue("expirationDate"));
    }
    let secs = match fields.get("sessionTimeoutSecs") {
        None => limits::SESSION_SECS_DEFAULT,
        Some(text) => whole_number(text)
            .filter(|secs| (1..=999_999_999).contains(secs))
            .ok_or(Refusal::WrongValue("sessionTimeoutSecs"))?,
    };
    Ok(created_ms + secs * 1_000)
}

/// Reads a time of a given form as UTC, in milliseconds.
pub(super) fn time_ms(form: &str, text: &str) -> Option<i64> {
    let time = Offset::UTC.to_timestamp(DateTime::strptime(form, text).ok()?).ok()?;
    Some(time.as_millisecond())
}

/// Reads digits and nothing else; Rust's own parser would also take a sign.
pub(super) fn whole_number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
