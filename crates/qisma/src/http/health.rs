//! Whether this process can do its work, for whoever watches it.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::body::Answer;
use crate::gateway::Gateway;

/// The answer of `GET /health`.
#[derive(Serialize)]
pub struct Health {
    /// `ok`, `failing`, or `clock_off`: this machine's clock and the database server's differ.
    status: &'static str,
    /// The version of this binary.
    version: &'static str,
}

/// Answers 200 while payments can be made, 503 when a load balancer should look elsewhere. The query
/// is ignored: there is no more to say to a stranger.
pub async fn read(State(gateway): State<Gateway>) -> (StatusCode, Answer<Health>) {
    let is_failing = gateway.fatal.is_cancelled() || gateway.store.read(|_| Ok(())).await.is_err();
    let (code, status) = if is_failing {
        (StatusCode::SERVICE_UNAVAILABLE, "failing")
    } else if gateway.store.clock_is_off().is_some() {
        (StatusCode::SERVICE_UNAVAILABLE, "clock_off")
    } else {
        (StatusCode::OK, "ok")
    };
    (code, Answer(Health { status, version: env!("CARGO_PKG_VERSION") }))
}
