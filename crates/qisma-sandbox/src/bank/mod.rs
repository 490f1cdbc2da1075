//! The bank's pages: where the payer types the card, proves who holds it and is sent back to the shop.
//!
//! Every form post ends in 303 to a page of ours, because the policy that keeps forms from posting
//! elsewhere also stops a browser that is redirected elsewhere; the way to the shop is a page with a
//! link. What a payer sees always follows the order's state, so Back and a second tab do no harm.

mod card_form;
mod pages;
mod result;
mod texts;
mod three_ds;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use self::pages::{LostPage, ProblemPage};
use self::texts::Texts;
pub use self::three_ds::pa_req_of;
use crate::app::App;
use crate::books::{BooksError, Key};
use crate::faults::{BANK, Kind};
use crate::lang::Lang;
use crate::orders::{Order, State};
use crate::web::{self, Fields};

/// The 3-D Secure code that passes; any other fails.
pub const ONE_TIME_CODE: &str = "123456";

pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/payment/merchants/{merchant}/payment.html", get(card_form::show))
        .route("/payment/{order_id}/card", post(card_form::present))
        .route("/payment/{order_id}/cancel", post(card_form::cancel))
        .route("/payment/{order_id}/acs", post(three_ds::begin))
        .route("/payment/{order_id}/3ds", get(three_ds::show).post(three_ds::answer))
        .route("/payment/{order_id}/result", get(result::show))
        .route("/payment/{order_id}/leave", get(result::leave))
}

/// What every page of the bank reads from the address.
struct Visit {
    query: Fields,
    lang: Lang,
}

impl Visit {
    fn new(query: Option<&str>, headers: &HeaderMap) -> Self {
        let query = Fields::parse(query.unwrap_or("").as_bytes());
        let lang = Lang::of_page(query.get("language"), headers);
        Self { query, lang }
    }

    const fn texts(&self) -> &'static Texts {
        texts::of(self.lang)
    }

    /// Finds the order of a page.
    async fn order(&self, app: &App, order_id: &str) -> Result<Order, Problem> {
        self.found(app.look(Key::Payer(order_id.to_owned())).await)
    }

    /// Takes an order that was looked up or changed, or says why there is none.
    fn found<T>(&self, order: Result<Option<T>, BooksError>) -> Result<T, Problem> {
        let lang = self.lang;
        match order {
            Ok(order) => order.ok_or(Problem::UnknownOrder(lang)),
            Err(cause) => {
                tracing::error!(%cause, "the sandbox's books failed under a bank page");
                Err(Problem::BankDown(lang))
            }
        }
    }

    /// The answer to a post: on to the page that fits the order's state.
    fn onward(&self, order: &Order) -> Response {
        web::see_other(&place_of(order, self.lang))
    }

    /// The answer to a post that may have paid the order, which a fault can swallow.
    fn onward_if_not_lost(&self, app: &App, order: &Order, paid_now: bool) -> Response {
        let number = Some(order.order_number.as_str());
        if paid_now && app.faults.take(BANK, number, &[Kind::ApproveLost]).is_some() {
            return web::page(StatusCode::OK, &LostPage { lang: self.lang, t: self.texts() });
        }
        self.onward(order)
    }
}

/// Why there is no page to show, in the payer's language.
enum Problem {
    UnknownOrder(Lang),
    BankDown(Lang),
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, lang) = match self {
            Self::UnknownOrder(lang) => (StatusCode::NOT_FOUND, lang),
            Self::BankDown(lang) => (StatusCode::SERVICE_UNAVAILABLE, lang),
        };
        let t = texts::of(lang);
        let problem = match self {
            Self::UnknownOrder(_) => t.unknown_order,
            Self::BankDown(_) => t.bank_down,
        };
        web::page(status, &ProblemPage { lang, t, problem })
    }
}

/// The page on which the payer of an order belongs.
fn place_of(order: &Order, lang: Lang) -> String {
    let (id, lang) = (&order.id, lang.code());
    match order.state {
        State::Registered => {
            format!("/payment/merchants/SANDBOX/payment.html?mdOrder={id}&language={lang}")
        }
        State::Challenged => format!("/payment/{id}/3ds?language={lang}"),
        _ => format!("/payment/{id}/result?language={lang}"),
    }
}
