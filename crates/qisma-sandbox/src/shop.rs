//! A small shop for demonstrations: the pages a payer is led back to, and a receiver of webhooks that
//! shows what it was told. It checks no signature and delivers nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::limits;
use crate::web::{self, Fields};

/// Webhooks that are remembered.
const WEBHOOKS_MAX: usize = 50;

/// What a shop needs from the outside.
pub struct ShopOptions {
    /// The command that asks the gateway about a payment, with `{payment_id}` in its place.
    pub verify_command: String,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

struct Shop {
    options: ShopOptions,
    received: Mutex<VecDeque<Received>>,
}

/// A webhook as it arrived.
#[derive(Clone)]
struct Received {
    at: Timestamp,
    method: Method,
    query: String,
    body: String,
    is_signed: bool,
}

/// For developers, so in English only.
#[derive(Template)]
#[template(path = "shop.html")]
struct ShopPage {
    title: &'static str,
    payment_id: Option<String>,
    verify_command: Option<String>,
    received: Vec<Received>,
}

/// Serves a shop until `shutdown`. It has the pages `/`, `/thank-you` and `/not-paid`, and takes
/// webhooks at `/webhook`.
pub async fn serve_shop(
    listener: TcpListener,
    options: ShopOptions,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let shop = Arc::new(Shop { options, received: Mutex::default() });
    let router = Router::new()
        .route("/", get(show_home))
        .route("/thank-you", get(show_thanks))
        .route("/not-paid", get(show_regret))
        .route("/webhook", any(receive))
        .merge(crate::home::style_router())
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES_MAX))
        .with_state(shop);
    axum::serve(listener, router)
        .with_graceful_shutdown(async move { shutdown.cancelled().await })
        .await
        .context("the shop stopped serving")
}

async fn show_home(State(shop): State<Arc<Shop>>) -> Response {
    show(&shop, "A shop", None)
}

async fn show_thanks(State(shop): State<Arc<Shop>>, RawQuery(query): RawQuery) -> Response {
    show(&shop, "Thank you", query.as_deref())
}

async fn show_regret(State(shop): State<Arc<Shop>>, RawQuery(query): RawQuery) -> Response {
    show(&shop, "Not paid", query.as_deref())
}

fn show(shop: &Shop, title: &'static str, query: Option<&str>) -> Response {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    // The command is there to be pasted into a shell: only what is an id may get into it.
    let payment_id = fields.get("payment_id").filter(|id| is_payment_id(id)).map(str::to_owned);
    let verify_command =
        payment_id.as_deref().map(|id| shop.options.verify_command.replace("{payment_id}", id));
    let received = shop.received.lock().unwrap_or_else(PoisonError::into_inner);
    let received = received.iter().cloned().collect();
    web::page(StatusCode::OK, &ShopPage { title, payment_id, verify_command, received })
}

fn is_payment_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() == 22 && text.bytes().all(is_plain)
}

async fn receive(
    State(shop): State<Arc<Shop>>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now_ms = shop.options.clock.now_ms();
    let webhook = Received {
        at: Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH),
        method,
        query: query.unwrap_or_default(),
        body: String::from_utf8_lossy(&body).into_owned(),
        is_signed: headers.contains_key("webhook-signature"),
    };
    let mut received = shop.received.lock().unwrap_or_else(PoisonError::into_inner);
    received.push_front(webhook);
    received.truncate(WEBHOOKS_MAX);
    StatusCode::NO_CONTENT.into_response()
}
