//! Metrics for Prometheus, on a listener of their own: payers and platforms never reach them.

use anyhow::Context;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::telemetry::Metrics;

/// The text form that Prometheus reads.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves `GET /metrics` until shutdown.
pub async fn serve(
    listener: std::net::TcpListener,
    metrics: Metrics,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let render = move || {
        let metrics = metrics.clone();
        async move { ([(CONTENT_TYPE, TEXT_FORMAT)], metrics.render()) }
    };
    listener.set_nonblocking(true).context("the listener of metrics could not be used")?;
    let listener = TcpListener::from_std(listener)?;
    axum::serve(listener, Router::new().route("/metrics", get(render)))
        .with_graceful_shutdown(async move { shutdown.cancelled().await })
        .await
        .context("the server of metrics stopped")
}
