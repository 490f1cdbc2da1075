//! `qisma sandbox`: the bank of test payments, with books of its own. It needs neither the gateway nor
//! its lock.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::serve::{not_bound, start_logging, stop_on_signals};
use super::{Options, output};
use crate::config::{Config, Flag};
use crate::data_dir::DataDir;
use crate::random::Randomness;

#[derive(Args)]
pub struct SandboxCommand {
    /// Where to listen; port 0 lets the system choose [default: 127.0.0.1:8081].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

impl SandboxCommand {
    /// Serves until it is told to stop.
    pub async fn run(self, options: &Options) -> Result<(), Failure> {
        let directory = options.directory()?;
        let mut sources = options.sources();
        if let Some(value) = self.listen {
            sources.flags.push(Flag { name: "--listen", key: "sandbox.listen", value });
        }
        let config = Config::load(&sources, &directory)?;
        start_logging(&config)?;
        let stop = stop_on_signals()?;
        let bank = Bank::start(&directory, &config, &stop).await?;
        let url = &bank.url;
        let sentence = format!("the sandbox bank is ready at {url}");
        output::ready(options.json, &json!({"url": url}), &sentence);
        bank.ended().await
    }
}

/// A sandbox that serves.
pub struct Bank {
    /// Where browsers reach it, without a slash at the end.
    pub url: String,
    /// Where it listens.
    pub address: SocketAddr,
    handle: JoinHandle<anyhow::Result<()>>,
}

impl Bank {
    /// Starts the sandbox in the background; it ends with `stop`.
    pub async fn start(
        directory: &DataDir,
        config: &Config,
        stop: &CancellationToken,
    ) -> Result<Self, Failure> {
        let listen = config.sandbox.listen;
        let listener = TcpListener::bind(listen).await.map_err(|e| not_bound(listen, &e))?;
        let bound = listener.local_addr().map_err(|cause| not_bound(listen, &cause))?;
        let url = config.sandbox.public_url_at(bound).as_str().trim_end_matches('/').to_owned();
        let callback_key = config.sandbox.callback_key.as_ref();
        let sandbox = qisma_sandbox::Sandbox::open(qisma_sandbox::Options {
            data_dir: directory.path().to_owned(),
            public_url: url.clone(),
            callback_key: callback_key
                .map(|key| key.expose_secret().to_owned())
                .unwrap_or_default(),
            clock: Arc::new(qisma_sandbox::SystemClock),
            rng: Randomness::system().rng(),
        })
        .map_err(|error| Failure::refused(format!("{error:#}")))?;
        let handle = tokio::spawn(qisma_sandbox::serve(listener, sandbox, stop.clone()));
        tracing::info!(url, "the sandbox bank is ready");
        Ok(Self { url, address: bound, handle })
    }

    /// Waits until it has ended.
    pub async fn ended(self) -> Result<(), Failure> {
        match self.handle.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::refused(format!("{error:#}"))),
            Err(error) => Err(Failure::refused(format!("the sandbox stopped: {error}"))),
        }
    }
}
