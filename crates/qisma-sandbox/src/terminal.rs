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
use crate::orders::{self, CardFacts};
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
    path: String,
    waiting: Vec<Waiting>,
}

pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/terminal/{merchant}/{name}", get(show))
        .route("/terminal/{merchant}/{name}/{order_id}/pay", post(pay))
        .route("/terminal/{merchant}/{name}/{order_id}/decline", post(decline))
}

async fn show(
    State(app): State<Arc<App>>,
    Path((merchant, name)): Path<(String, String)>,
) -> Response {
    let (terminal, now_ms) = (orders::terminal_name(&merchant, &name), app.clock.now_ms());
    let found = app.books.transact(move |tx| books::waiting_at(tx, &terminal, now_ms)).await;
    let found = match found {
        Ok(found) => found,
        Err(cause) => return failed(&cause),
    };
    let waiting = found.into_iter().map(|order| Waiting {
        amount: currency::format(order.amount, &order.currency),
        secs_left: (order.expires_ms - now_ms + 999) / 1_000,
        id: order.id,
        number: order.order_number,
        description: order.description,
    });
    let path = path_of(&merchant, &name);
    web::page(StatusCode::OK, &TerminalPage { name, path, waiting: waiting.collect() })
}

async fn pay(State(app): State<Arc<App>>, Path(at): Path<(String, String, String)>) -> Response {
    present(&app, at, Verdict::Approve).await
}

async fn decline(
    State(app): State<Arc<App>>,
    Path(at): Path<(String, String, String)>,
) -> Response {
    present(&app, at, Verdict::Refuse(NO_FUNDS)).await
}

/// Holds a card to the terminal. A payment that has ended, or waits elsewhere, is left as it is.
async fn present(
    app: &App,
    (merchant, name, order_id): (String, String, String),
    verdict: Verdict,
) -> Response {
    let approval = app.new_approval();
    let terminal = orders::terminal_name(&merchant, &name);
    let changed = app.change(Key::Payer(order_id), move |change| {
        if change.order.terminal.as_deref() == Some(terminal.as_str()) {
            let notice = change.order.present(card(), verdict, approval);
            change.notices.extend(notice);
        }
        Ok(())
    });
    match changed.await {
        Ok(_) => web::see_other(&path_of(&merchant, &name)),
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

/// The page of a terminal, whatever its names are made of.
fn path_of(merchant: &str, name: &str) -> String {
    let part = |text: &str| {
        url::form_urlencoded::byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    format!("/terminal/{}/{}", part(merchant), part(name))
}

fn failed(cause: &BooksError) -> Response {
    tracing::error!(%cause, "the sandbox's books failed under a terminal's page");
    web::json_error(StatusCode::SERVICE_UNAVAILABLE, &cause.to_string())
}
