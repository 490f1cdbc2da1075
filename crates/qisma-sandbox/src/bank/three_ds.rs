//! The 3-D Secure page of the issuer: a code that the card's holder got on the phone.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::pages::ChallengePage;
use super::{ONE_TIME_CODE, Problem, Visit};
use crate::app::App;
use crate::books::Key;
use crate::currency;
use crate::orders::Order;
use crate::web::{self, Fields};

/// What a merchant passes to the issuer's page, so that nobody gets there who was not sent.
pub fn pa_req_of(order: &Order) -> String {
    format!("sandbox-challenge-of-{}", order.id)
}

/// Takes the browser in that a merchant sent here with a saved card's challenge. In the real family
/// this page is the issuer's, and `TermUrl` leads back to the bank; here one page does for both.
pub async fn begin(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let visit = Visit::new(query.as_deref(), &headers);
    let fields = Fields::parse(&body);
    let order = visit.order(&app, &order_id).await?;
    let is_its_own = fields.get("PaReq") == Some(&pa_req_of(&order))
        && fields.get("MD") == Some(&order.id)
        && fields.get("TermUrl").is_some();
    if !is_its_own {
        return Err(Problem::UnknownOrder(visit.lang));
    }
    Ok(visit.onward(&order))
}

pub async fn show(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let visit = Visit::new(query.as_deref(), &headers);
    let order = visit.order(&app, &order_id).await?;
    if order.state != crate::orders::State::Challenged {
        return Ok(visit.onward(&order));
    }
    let page = ChallengePage {
        lang: visit.lang,
        t: visit.texts(),
        order: &order,
        amount: currency::format(order.amount, &order.currency),
        masked_pan: order.card.as_ref().map_or("", |card| &card.masked_pan),
        one_time_code: ONE_TIME_CODE,
    };
    Ok(web::page(StatusCode::OK, &page))
}

pub async fn answer(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let visit = Visit::new(query.as_deref(), &headers);
    let fields = Fields::parse(&body);
    let right = fields.get("otp").map(str::trim) == Some(ONE_TIME_CODE);
    let approval = app.new_approval();
    let changed = app.change(Key::Payer(order_id), move |change| {
        let notice = change.order.answer(right, approval);
        change.notices.extend(notice);
        Ok(notice.is_some_and(|notice| notice.ok))
    });
    let (order, paid_now) = visit.found(changed.await)?;
    Ok(visit.onward_if_not_lost(&app, &order, paid_now))
}
