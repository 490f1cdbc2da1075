//! The other side of the wire: an acquirer of the SMT (`ClicToPay`) and BPC family that runs on this
//! machine, with its own bank page, 3-D Secure page, phone page, magic cards, fault switches and books.
//!
//! It shares no code with the gateway, which may therefore trust it no more than the real one. Nothing
//! here moves money, and no real card is ever accepted.

mod app;
mod bank;
mod books;
mod callbacks;
mod cards;
mod clock;
mod currency;
mod faults;
mod home;
mod lang;
mod limits;
mod orders;
mod phone;
mod random;
mod rest;
mod shop;
mod terminal;
mod web;

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
pub use crate::clock::{Clock, SystemClock};
pub use crate::shop::{ShopOptions, serve_shop};

/// What a sandbox needs from the outside.
pub struct Options {
    /// The folder in which the sandbox keeps its file, `sandbox.db`. It is made when absent.
    pub data_dir: PathBuf,
    /// Where payers reach the sandbox, such as `http://127.0.0.1:8081`, without a slash at the end.
    pub public_url: String,
    /// The key shared with the merchant that signs callbacks (BPC manual, symmetric checksum).
    pub callback_key: String,
    /// Tells the time: sessions, late answers and repeated callbacks follow it.
    pub clock: Arc<dyn Clock>,
    /// Where order ids and approval codes come from. In anything but a test: the system's generator.
    pub rng: Box<dyn rand::Rng + Send>,
}

/// An open sandbox: its books and everything it keeps in memory.
pub struct Sandbox {
    app: Arc<App>,
}

impl Sandbox {
    /// Opens the books, and makes them when there are none yet.
    pub fn open(options: Options) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&options.data_dir).with_context(|| {
            format!("the sandbox cannot make its folder {}", options.data_dir.display())
        })?;
        Ok(Self { app: App::open(options)? })
    }

    /// Every route of the sandbox: the acquirer's endpoints, the bank's pages, the phone, the switches.
    pub fn router(&self) -> Router {
        home::router()
            .merge(rest::router())
            .merge(bank::router())
            .merge(phone::router())
            .merge(terminal::router())
            .merge(faults::router())
            .layer(axum::extract::DefaultBodyLimit::max(limits::BODY_BYTES_MAX))
            .with_state(Arc::clone(&self.app))
    }
}

/// Serves a sandbox until `shutdown`, then lets requests in flight finish for a few seconds.
pub async fn serve(
    listener: TcpListener,
    sandbox: Sandbox,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let stopping = shutdown.clone();
    let server = axum::serve(listener, sandbox.router())
        .with_graceful_shutdown(async move { stopping.cancelled().await });
    let mut server = pin!(server.into_future());
    tokio::select! {
        ended = &mut server => return ended.context("the sandbox stopped serving"),
        () = shutdown.cancelled() => sandbox.app.callbacks.stop(),
    }
    // A hanging answer would otherwise keep the process. The deadline follows the wall, not the
    // injected clock, because nobody moves that one any more.
    match tokio::time::timeout(limits::SHUTDOWN_GRACE, server).await {
        Ok(ended) => ended.context("the sandbox stopped serving"),
        Err(_) => Ok(()),
    }
}
