//! The last page, which leads back to the shop, and the step that leaves the bank.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use url::Url;

use super::pages::ResultPage;
use super::{Problem, Visit};
use crate::app::App;
use crate::orders::Order;
use crate::rest::action_text;
use crate::{currency, web};

pub async fn show(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let visit = Visit::new(query.as_deref(), &headers);
    let order = visit.order(&app, &order_id).await?;
    if order.is_open() {
        return Ok(visit.onward(&order));
    }
    let page = ResultPage {
        lang: visit.lang,
        t: visit.texts(),
        order: &order,
        amount: currency::format(order.amount, &order.currency),
        paid: order.was_paid(),
        reason: action_text(order.action_code, visit.lang),
    };
    Ok(web::page(StatusCode::OK, &page))
}

/// Sends the payer to the shop; while the order can still be paid, back to the page where that is done.
pub async fn leave(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let visit = Visit::new(query.as_deref(), &headers);
    let order = visit.order(&app, &order_id).await?;
    if order.is_open() {
        return Ok(visit.onward(&order));
    }
    Ok(web::see_other(&way_out(&order)))
}

/// The shop's address with `orderId` and `lang` added to whatever query it has.
fn way_out(order: &Order) -> String {
    let fail_url = order.fail_url.as_ref().filter(|_| !order.was_paid());
    let target = fail_url.unwrap_or(&order.return_url);
    let mut url = Url::parse(target).expect("register takes absolute addresses only");
    url.query_pairs_mut().append_pair("orderId", &order.id).append_pair("lang", &order.language);
    url.into()
}
