//! `getLastOrdersForMerchants.do`: the merchant's orders page by page, so that books can be compared.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Call;
use super::refusal::{Refusal, success_text};
use super::register::{time_ms, whole_number};
use super::status::describe;
use crate::app::App;
use crate::books::{self, Filter, Key};
use crate::lang::Lang;
use crate::limits;
use crate::orders::State;

pub(super) async fn answer(
    app: &Arc<App>,
    call: &Call,
    lang: Lang,
) -> Result<Option<Value>, Refusal> {
    let filter = read(call)?;
    let (page, size) = (filter.page, filter.size);
    end_sessions(app, &call.user_name).await?;
    let (orders, total) = app.books.transact(move |tx| books::list(tx, &filter)).await?;
    let orders: Vec<Value> = orders.iter().map(|order| describe(order, lang)).collect();
    Ok(Some(json!({
        "errorCode": "0",
        "errorMessage": success_text(lang),
        "orderStatuses": orders,
        "totalCount": total,
        "page": page,
        "pageSize": size,
    })))
}

/// A list is filtered by state, so sessions that are over end before it is made.
async fn end_sessions(app: &App, user_name: &str) -> Result<(), Refusal> {
    let (user, now_ms) = (user_name.to_owned(), app.clock.now_ms());
    let over = app.books.transact(move |tx| books::sessions_over(tx, &user, now_ms)).await?;
    for id in over {
        app.look(Key::OrderId(user_name.to_owned(), id)).await?;
    }
    Ok(())
}

/// Reads `from`, `to` (`yyyyMMddHHmmss`, UTC here, both included), `page` from 0, `size` and
/// `transactionStates`. The end of the range covers its whole second.
fn read(call: &Call) -> Result<Filter, Refusal> {
    let time = |name: &'static str, default: i64| match call.fields.get(name) {
        None => Ok(default),
        Some(text) if text.len() == 14 => {
            time_ms("%Y%m%d%H%M%S", text).ok_or(Refusal::WrongValue(name))
        }
        Some(_) => Err(Refusal::WrongValue(name)),
    };
    let number = |name: &'static str, default: i64| match call.fields.get(name) {
        None => Ok(default),
        Some(text) => whole_number(text).ok_or(Refusal::WrongValue(name)),
    };
    let size = number("size", limits::PAGE_SIZE_MAX)?;
    if !(1..=limits::PAGE_SIZE_MAX).contains(&size) {
        return Err(Refusal::WrongValue("size"));
    }
    Ok(Filter {
        user_name: call.user_name.clone(),
        from_ms: time("from", 0)?,
        to_ms: time("to", i64::MAX - 999)?.saturating_add(999),
        statuses: json!(statuses(call.fields.get("transactionStates"))?).to_string(),
        page: number("page", 0)?,
        size,
    })
}

/// The `orderStatus` numbers behind `CREATED,DEPOSITED,...`; all of them when nothing is said.
fn statuses(wanted: Option<&str>) -> Result<Vec<i64>, Refusal> {
    let all = || (0..).map_while(State::of_status);
    let Some(wanted) = wanted else { return Ok(all().map(State::status).collect()) };
    let mut statuses = Vec::new();
    for name in wanted.split(',') {
        let named = all().filter(|state| state.payment_state() == name.trim());
        let before = statuses.len();
        statuses.extend(named.map(State::status));
        if statuses.len() == before {
            return Err(Refusal::WrongValue("transactionStates"));
        }
    }
    Ok(statuses)
}
