//! The first page, the stylesheet and the health check.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::App;
use crate::bank::ONE_TIME_CODE;
use crate::cards::{self, MagicCard};
use crate::web;

const STYLE: &str = include_str!("../templates/style.css");

/// For developers, so in English only; the payer's pages speak three languages.
#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    cards: &'a [MagicCard],
    one_time_code: &'a str,
    public_url: &'a str,
}

pub fn router() -> Router<Arc<App>> {
    Router::new().route("/", get(show)).route("/health", get(health)).merge(style_router())
}

/// The stylesheet, for every site that uses these templates.
pub fn style_router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/style.css", get(style))
}

async fn show(State(app): State<Arc<App>>) -> Response {
    let page = HomePage {
        cards: &cards::MAGIC,
        one_time_code: ONE_TIME_CODE,
        public_url: &app.public_url,
    };
    web::page(StatusCode::OK, &page)
}

/// Healthy means that the books can be written to.
async fn health(State(app): State<Arc<App>>) -> Response {
    match app.books.transact(|_| Ok(())).await {
        Ok(()) => web::json(StatusCode::OK, &serde_json::json!({ "status": "ok" })),
        Err(cause) => web::json_error(StatusCode::SERVICE_UNAVAILABLE, &cause.to_string()),
    }
}

async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}
