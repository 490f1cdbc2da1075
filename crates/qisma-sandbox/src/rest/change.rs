//! `deposit.do`, `reverse.do`, `refund.do`, `decline.do`: what a merchant does with an order after it
//! was registered.

use std::sync::Arc;

use serde_json::Value;

use super::Call;
use super::refusal::Refusal;
use super::register::whole_number;
use crate::app::{App, Change};
use crate::books::{self, BooksError, Key};
use crate::limits;
use crate::orders::{Impossible, Notice};

pub(super) async fn deposit(app: &Arc<App>, call: &Call) -> Result<Option<Value>, Refusal> {
    let amount = needed_amount(call)?;
    change(app, call.order_id()?, move |change| {
        Ok(change.order.deposit(amount, change.now_ms).map(Some).map_err(Refusal::from))
    })
    .await
}

pub(super) async fn reverse(app: &Arc<App>, call: &Call) -> Result<Option<Value>, Refusal> {
    let amount = optional_amount(call, "amount")?.unwrap_or(0);
    change(app, call.order_id()?, move |change| {
        Ok(change.order.reverse(amount, change.now_ms).map(Some).map_err(Refusal::from))
    })
    .await
}

pub(super) async fn decline(app: &Arc<App>, call: &Call) -> Result<Option<Value>, Refusal> {
    change(app, call.order_id()?, |change| {
        Ok(change.order.cancel().map(Some).map_err(Refusal::from))
    })
    .await
}

/// Refunds once per `externalRefundId`: the same id with the same amount answers as the first time,
/// with another amount it is refused.
pub(super) async fn refund(app: &Arc<App>, call: &Call) -> Result<Option<Value>, Refusal> {
    let amount = needed_amount(call)?;
    let expected = optional_amount(call, "expectedDepositedAmount")?;
    let external_id = call.fields.get("externalRefundId").map(str::to_owned);
    let too_long = |id: &String| id.chars().count() > limits::EXTERNAL_REFUND_ID_CHARS_MAX;
    if external_id.as_ref().is_some_and(too_long) {
        return Err(Refusal::WrongValue("externalRefundId"));
    }
    change(app, call.order_id()?, move |change| {
        refund_once(change, amount, expected, external_id.as_deref())
    })
    .await
}

fn refund_once(
    change: &mut Change<'_>,
    amount: i64,
    expected: Option<i64>,
    external_id: Option<&str>,
) -> Result<Result<Option<Notice>, Refusal>, BooksError> {
    let order_id = change.order.id.clone();
    if let Some(external_id) = external_id {
        match books::refund_amount(change.tx, &order_id, external_id)? {
            None => {}
            Some(before) if before == amount => return Ok(Ok(None)),
            Some(_) => return Ok(Err(Refusal::WrongValue("externalRefundId"))),
        }
    }
    let left = change.order.deposited - change.order.refunded;
    if expected.is_some_and(|expected| expected != left) {
        return Ok(Err(Impossible::Amount.into()));
    }
    match change.order.refund(amount) {
        Err(impossible) => Ok(Err(impossible.into())),
        Ok(notice) => {
            if let Some(external_id) = external_id {
                books::keep_refund(change.tx, &order_id, external_id, amount)?;
            }
            Ok(Ok(Some(notice)))
        }
    }
}

/// Changes the order, or says why not; None in the inner answer means that it was done before.
async fn change(
    app: &App,
    key: Key,
    decide: impl FnOnce(&mut Change<'_>) -> Result<Result<Option<Notice>, Refusal>, BooksError>
    + Send
    + 'static,
) -> Result<Option<Value>, Refusal> {
    let changed = app.change(key, |change| {
        let done = decide(change)?;
        if let Ok(notice) = &done {
            change.notices.extend(*notice);
        }
        Ok(done.map(|_| ()))
    });
    let (_, done) = changed.await?.ok_or(Refusal::UnknownOrder)?;
    done.map(|()| None)
}

/// The `amount` that must be there; 0 means all of it.
fn needed_amount(call: &Call) -> Result<i64, Refusal> {
    optional_amount(call, "amount")?.ok_or(Refusal::WrongValue("amount"))
}

fn optional_amount(call: &Call, name: &'static str) -> Result<Option<i64>, Refusal> {
    let Some(text) = call.fields.get(name) else { return Ok(None) };
    whole_number(text)
        .filter(|amount| *amount <= limits::AMOUNT_MAX)
        .map(Some)
        .ok_or(Refusal::WrongValue(name))
}
