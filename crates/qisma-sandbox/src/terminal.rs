//! The terminals of the sandbox: what a merchant sent to one waits on its page, to be paid, declined, or
//! left until its time is over.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use crate::app::App;
use crate::books::{self, BooksError, Key};
use crate::cards::Verdict;
use crate::orders::CardFacts;
use crate::{currency, web};

/// The issuer has no money for it (ISO 8583 action code 116).
const NO_FUNDS: i64 = 116;

/// A payment that waits.
struct Waiting {
    id: String,
    number: String,
    amount: String,
    description: String,
    secs_left: i64,
}

/// For developers, so in English only.
#[derive(Template)]
#[template(path = "terminal.html")]
struct TerminalPage {
    name: String,
    waiting: Vec<Waiting>,
}

pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/terminal/{name}", get(show))
        .route("/terminal/{name}/{order_id}/pay", post(pay))
        .route("/terminal/{name}/{order_id}/decline", post(decline))
}

async fn show(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    let (terminal, now_ms) = (name.clone(), app.clock.now_ms());
    let found = app.books.transact(move |tx| books::waiting_at(tx, &terminal, now_ms)).await;
    let orders = match found {
        Ok(orders) => orders,
        Err(cause) => return failed(&cause),
    };
    let waiting = orders.into_iter().map(|order| Waiting {
        amount: currency::format(order.amount, &order.currency),
        secs_left: (order.expires_ms - now_ms + 999) / 1_000,
        id: order.id,
        number: order.order_number,
        description: order.description,
    });
    web::page(StatusCode::OK, &TerminalPage { name, waiting: waiting.collect() })
}

async fn pay(
    State(app): State<Arc<App>>,
    Path((name, order_id)): Path<(String, String)>,
) -> Response {
    present(&app, name, order_id, Verdict::Approve).await
}

async fn decline(
    State(app): State<Arc<App>>,
    Path((name, order_id)): Path<(String, String)>,
) -> Response {
    present(&app, name, order_id, Verdict::Refuse(NO_FUNDS)).await
}

/// Holds a card to the terminal. A payment that has ended, or waits elsewhere, is left as it is.
async fn present(app: &App, name: String, order_id: String, verdict: Verdict) -> Response {
    let approval = app.new_approval();
    let terminal = name.clone();
    let changed = app.change(Key::Payer(order_id), move |change| {
        if change.order.terminal.as_deref() == Some(terminal.as_str()) {
            let notice = change.order.present(card(), verdict, approval);
            change.notices.extend(notice);
        }
        Ok(())
    });
    match changed.await {
        Ok(_) => web::see_other(&format!("/terminal/{}", path_of(&name))),
        Err(cause) => failed(&cause),
    }
}

/// The card that every payer of the sandbox holds to a terminal.
fn card() -> CardFacts {
    CardFacts {
        masked_pan: "450921**1119".to_owned(),
        expiration: "202612".to_owned(),
        holder: "FOULEN BEN FOULEN".to_owned(),
        brand: "VISA".to_owned(),
    }
}

/// A name as part of an address, whatever it is made of.
fn path_of(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

fn failed(cause: &BooksError) -> Response {
    tracing::error!(%cause, "the sandbox's books failed under a terminal's page");
    web::json_error(StatusCode::SERVICE_UNAVAILABLE, &cause.to_string())
}
