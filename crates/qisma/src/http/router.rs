//! Every route, grouped by who calls it. Paths stand at the root and are never redirected.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::from_fn_with_state as layer_of;
use axum::routing::{get, post};
use qisma_domain::ids::AppId;
use tower::Layer;
use tower::util::{MapRequestLayer, MapResponseLayer};

use super::flouci::business::{generate_custom_qr_code, transactions};
use super::flouci::transactions::{get_pos_transaction_status as pos_status, init_pos_transaction};
use super::flouci::v2::{
    bindings, cancel_payment, confirm_payment, generate_payment, refund_payment, verify_payment,
};
use super::flouci::{history, v1};
use super::rate_limit::{ClientLimits, RateLimit, limit_login_failures, limit_pages};
use super::{callbacks, checkout, health, lost_answer, middleware, reference};
use crate::gateway::Gateway;

/// Paths that name no payment, with no id or with slashes in it. They are answered like an unknown
/// payment, and no document needs to say so of each.
const VERIFY_NO_ID: [&str; 5] = [
    "/api/v2/verify_payment/",
    "/api/v2/verify_payment//",
    "/api/v2/verify_payment//{*rest}",
    "/api/v2/verify_payment/{payment_id}/",
    "/api/v2/verify_payment/{payment_id}/{*rest}",
];
const VERIFY_V1_NO_ID: [&str; 5] = [
    "/api/verify_payment/",
    "/api/verify_payment//",
    "/api/verify_payment//{*rest}",
    "/api/verify_payment/{payment_id}/",
    "/api/verify_payment/{payment_id}/{*rest}",
];

/// What handlers are given: the gateway, and what only HTTP needs.
#[derive(Clone)]
pub struct HttpState {
    /// The gateway.
    pub gateway: Gateway,
    /// How often an app may verify.
    pub verify_limit: Arc<RateLimit<AppId>>,
    /// What an address may do.
    pub client_limits: Arc<ClientLimits>,
}

impl HttpState {
    /// The state over a gateway.
    pub fn new(gateway: Gateway) -> Self {
        let settings = &gateway.config.http;
        let verify_limit = Arc::new(RateLimit::new(settings.verify_per_minute_max));
        let client_limits = Arc::new(ClientLimits::new(settings));
        Self { gateway, verify_limit, client_limits }
    }
}

impl FromRef<HttpState> for Gateway {
    fn from_ref(state: &HttpState) -> Self {
        state.gateway.clone()
    }
}

impl FromRef<HttpState> for Arc<RateLimit<AppId>> {
    fn from_ref(state: &HttpState) -> Self {
        state.verify_limit.clone()
    }
}

impl FromRef<HttpState> for Arc<ClientLimits> {
    fn from_ref(state: &HttpState) -> Self {
        state.client_limits.clone()
    }
}

/// Every route.
pub fn router(gateway: Gateway) -> Router {
    let body_bytes_max = gateway.config.http.body_bytes_max;
    let around = layer_of(gateway.clone(), middleware::around);
    let state = HttpState::new(gateway.clone());
    let limited = (gateway, state.client_limits.clone());
    let no_id = VERIFY_NO_ID.into_iter();
    let for_platforms =
        no_id.fold(Router::new(), |routes, path| routes.route(path, get(verify_payment::read)));
    let no_id = VERIFY_V1_NO_ID.into_iter();
    let for_platforms = no_id
        .fold(for_platforms, |routes, path| routes.route(path, get(v1::verify_payment::read)))
        // For platforms, with the keys of an app: the Flouci API.
        .route("/api/v2/generate_payment", post(generate_payment::create))
        .route("/api/v2/confirm_payment", post(confirm_payment::create))
        .route("/api/v2/cancel_payment", post(cancel_payment::create))
        .route("/api/v2/refund_payment", post(refund_payment::create))
        .route("/api/v2/verify_payment/{payment_id}", get(verify_payment::read))
        .route("/api/v2/bindings/list", get(bindings::list))
        .route("/api/v2/bindings/revoke", post(bindings::revoke))
        .route("/api/transactions/init_pos_transaction", post(init_pos_transaction::create))
        .route("/api/transactions/get_pos_transaction_status", get(pos_status::read))
        // For merchants, with an API key: QR codes.
        .route("/api/business/generate_custom_qr_code", get(generate_custom_qr_code::read))
        .route("/api/business/custom_transaction/status", get(transactions::status))
        .route("/api/business/custom_transaction/history", get(transactions::history))
        .route("/api/developers/history", get(history::list))
        .route("/api/idempotency/{key}", get(lost_answer::read))
        .route("/api/generate_payment", post(v1::generate_payment::create))
        .route("/api/verify_payment/{payment_id}", get(v1::verify_payment::read))
        .route_layer(layer_of(limited.clone(), limit_login_failures));
    let for_payers = Router::new()
        // For payers, with the id in their link.
        .route("/pay/{payment_id}", get(checkout::show))
        .route("/pay/{payment_id}/status", get(checkout::status))
        .route("/pay/{payment_id}/wallet", post(checkout::pay_by_wallet))
        .route("/pay/{payment_id}/resend", post(checkout::resend))
        .route("/pay/{payment_id}/code", post(checkout::confirm_code))
        .route("/pay/{payment_id}/card", post(checkout::pay_by_card))
        .route("/pay/{payment_id}/bank", get(checkout::at_bank))
        .route("/pay/{payment_id}/return", get(checkout::returned))
        .route("/pay/{payment_id}/change", post(checkout::change_way))
        .route("/pay/{payment_id}/cancel", post(checkout::cancel))
        .route("/pay/{payment_id}/leave", get(checkout::leave))
        .route_layer(layer_of(limited, limit_pages));
    let routes = Router::new()
        .merge(for_platforms)
        .merge(for_payers)
        .route("/assets/{name}", get(checkout::asset))
        // For developers.
        .route("/docs", get(reference::page))
        .route("/openapi.json", get(reference::document))
        // For acquirers, who sign what they send.
        .route("/acquirers/sandbox/callback", get(callbacks::sandbox).post(callbacks::sandbox))
        .route("/acquirers/smt/callback", get(callbacks::smt).post(callbacks::smt))
        // For whoever watches the process.
        .route("/health", get(health::read))
        .fallback(middleware::not_found)
        .method_not_allowed_fallback(middleware::method_not_allowed)
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(around)
        .with_state(state);
    // Around the router, which chooses by method and writes `Allow` outside of the layers above.
    let routes = MapRequestLayer::new(middleware::unroute_head).layer(routes);
    let routes = MapResponseLayer::new(middleware::forget_head).layer(routes);
    Router::new().fallback_service(routes)
}
