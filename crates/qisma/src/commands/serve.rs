//! `qisma serve`: the gateway.
//!
//! It starts from the inside out, so that whoever can connect finds everything ready: lock, keys,
//! store, command socket, workers, metrics, and the HTTP port last. It stops the other way round.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use qisma_store::OpenError;
use qisma_store::carry::is_unfinished;
use serde_json::json;
use tokio::net::TcpSocket;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::{Options, output};
use crate::admin::CommandSocket;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Flag};
use crate::data_dir::{DataDir, DataDirError, DirLock};
use crate::gateway::{Gateway, GatewayOptions};
use crate::keyring::{Keyring, MasterKey};
use crate::random::Randomness;
use crate::telemetry::{self, Metrics};
use crate::{http, shutdown, workers};

/// How long a command that owns the directory for a moment may keep a starting gateway waiting.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
/// How long workers may take to finish: longer than any call they make may last.
const WORKERS_TIMEOUT: Duration = Duration::from_secs(30);
/// How long answers that say *unknown* have to leave before the process ends.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Connections that the system keeps for us until we accept them.
const BACKLOG: u32 = 1_024;

#[derive(Args)]
pub struct ServeCommand {
    /// Where to listen; port 0 lets the system choose [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Send no webhooks, as after a restore (the setting workers.paused).
    #[arg(long)]
    paused: bool,
}

impl ServeCommand {
    /// Serves until it is told to stop.
    pub async fn run(self, options: &Options) -> Result<(), Failure> {
        let directory = options.directory()?;
        let mut sources = options.sources();
        if let Some(value) = self.listen {
            sources.flags.push(Flag { name: "--listen", key: "http.listen", value });
        }
        if self.paused {
            let value = "deliveries".to_owned();
            sources.flags.push(Flag { name: "--paused", key: "workers.paused", value });
        }
        let config = Config::load(&sources, &directory)?;
        start_logging(&config)?;
        let stop = stop_on_signals()?;
        let lock = lock(&directory).await?;
        let running = Running::start(directory, lock, config).await?;
        output::ready(options.json, &running.description(), &running.sentence());
        running.until(&stop).await
    }
}

/// Starts logging, and first says what is dangerous about the settings.
pub fn start_logging(config: &Config) -> Result<(), Failure> {
    telemetry::start(&config.log).map_err(|error| Failure::refused(error.to_string()))?;
    for sentence in config.unsafe_settings() {
        tracing::warn!("{sentence}");
    }
    Ok(())
}

/// A token that SIGTERM and SIGINT cancel.
pub fn stop_on_signals() -> Result<CancellationToken, Failure> {
    shutdown::on_signals()
        .map_err(|cause| Failure::refused(format!("signals cannot be listened for: {cause}")))
}

/// Locks the directory. A command that has it for a moment is waited for, another gateway is not.
pub async fn lock(directory: &DataDir) -> Result<DirLock, Failure> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match directory.lock() {
            Err(DataDirError::InUse { .. }) if Instant::now() < deadline => {
                tokio::time::sleep(LOCK_PATIENCE / 20).await;
            }
            result => return Ok(result?),
        }
    }
}

/// A gateway that serves.
pub struct Running {
    gateway: Gateway,
    directory: DataDir,
    address: SocketAddr,
    http: Task,
    workers: JoinSet<()>,
    workers_stop: CancellationToken,
    socket: JoinHandle<()>,
    socket_stop: CancellationToken,
    // Freed last, when nothing of this gateway is left.
    _lock: DirLock,
}

/// A server in the background.
struct Task {
    handle: JoinHandle<anyhow::Result<()>>,
    stop: CancellationToken,
}

impl Running {
    /// Starts everything, the HTTP port last.
    pub async fn start(directory: DataDir, lock: DirLock, config: Config) -> Result<Self, Failure> {
        let listen = config.http.listen;
        if directory.is_demo() && !listen.ip().is_loopback() {
            return Err(Failure::config(format!(
                "{} is a demo: everybody knows its keys, so it is served on this machine only, not \
                 on {listen}",
                directory.path().display()
            )));
        }
        // Bound but deaf: the address is known and ours, and nobody can connect yet.
        let port = bind(listen)?;
        let address = port.local_addr().map_err(|cause| not_bound(listen, &cause))?;
        let gateway = open(&directory, config, address).await?;
        let socket = CommandSocket::bind(&directory).map_err(|cause| {
            let path = directory.socket_path();
            Failure::refused(format!("the command socket {} failed: {cause}", path.display()))
        })?;
        let (socket_stop, workers_stop) = (CancellationToken::new(), CancellationToken::new());
        let socket = tokio::spawn(socket.serve(gateway.clone(), socket_stop.clone()));
        let mut workers = workers::start(&gateway, &workers_stop);
        serve_metrics(&gateway, &workers_stop, &mut workers)?;
        let listener = listen_on(port).map_err(|cause| not_bound(listen, &cause))?;
        let stop = CancellationToken::new();
        let handle = tokio::spawn(http::serve(gateway.clone(), listener, stop.clone()));
        let http = Task { handle, stop };
        tracing::info!(%address, data = %directory.path().display(), "the gateway is ready");
        Ok(Self {
            gateway,
            directory,
            address,
            http,
            workers,
            workers_stop,
            socket,
            socket_stop,
            _lock: lock,
        })
    }

    /// Where it is reached, for programs.
    pub fn description(&self) -> serde_json::Value {
        json!({
            "listen": self.address.to_string(),
            "url": self.url(),
            "data": self.directory.path().display().to_string(),
        })
    }

    /// Where it is reached, for people.
    pub fn sentence(&self) -> String {
        format!("qisma is ready at {} (data in {})", self.url(), self.directory.path().display())
    }

    fn url(&self) -> &str {
        self.gateway.public_url.as_str().trim_end_matches('/')
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then finishes what was begun and closes the store.
    pub async fn until(mut self, stop: &CancellationToken) -> Result<(), Failure> {
        let fatal = self.gateway.fatal.clone();
        tokio::select! {
            () = fatal.cancelled() => return Err(unknown_commit().await),
            () = stop.cancelled() => {}
            ended = &mut self.http.handle => return Err(ended_early(ended)),
            panic = panic_of(&mut self.workers) => return Err(worker_died(&panic)),
        }
        tokio::select! {
            () = fatal.cancelled() => Err(unknown_commit().await),
            () = self.stop() => Ok(()),
        }
    }

    async fn stop(mut self) {
        self.http.stop.cancel();
        if let Ok(Err(error)) = self.http.handle.await {
            tracing::warn!(error = format!("{error:#}"), "the HTTP server did not end well");
        }
        self.workers_stop.cancel();
        let ended = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(WORKERS_TIMEOUT, ended).await.is_err() {
            tracing::warn!("a worker was cut off; its work is found again at the next start");
        }
        // Before the store closes, so that no client of it is refused by a closing store.
        self.socket_stop.cancel();
        let _ = self.socket.await;
        close(&self.gateway).await;
        tracing::info!("the gateway has stopped");
    }
}

/// Opens the gateway of a locked directory. Migrations may take a while, so not on this thread.
async fn open(directory: &DataDir, config: Config, bound: SocketAddr) -> Result<Gateway, Failure> {
    let randomness = Randomness::system();
    let configured = config.security.master_key.as_ref();
    let database = &config.database.engine;
    let master = MasterKey::obtain(configured, directory, database, &mut *randomness.rng())?;
    let options = GatewayOptions {
        config,
        keyring: Keyring::new(&master),
        clock: Arc::new(SystemClock),
        randomness,
        bound,
    };
    let opened = tokio::task::spawn_blocking(move || Gateway::open(options)).await;
    let gateway = opened
        .map_err(|_| Failure::refused("opening the database failed; the log says where"))?
        .map_err(|error| Failure::refused(format!("{error:#}")))?;
    let checked = check_that_nothing_moves_in(&gateway).await;
    if checked.is_err() {
        close(&gateway).await;
    }
    checked.map(|()| gateway)
}

/// A move that began a moment ago may not have seen this gateway, nor this gateway it. So it is looked
/// for once more after this one has been heard of.
async fn check_that_nothing_moves_in(gateway: &Gateway) -> Result<(), Failure> {
    gateway.store.keep_leases().await;
    let engine = gateway.config.database.engine.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let is_moving = is_unfinished(&engine)?;
        if is_moving { Err(OpenError::MoveUnfinished(engine.place())) } else { Ok(()) }
    });
    let looked =
        looked.await.map_err(|_| Failure::refused("the database could not be looked at"))?;
    looked.map_err(|error| Failure::refused(error.to_string()))
}

/// Closes a gateway's store: what is queued is committed first.
pub async fn close(gateway: &Gateway) {
    let store = gateway.store.clone();
    // Closing waits for the lane's thread. Joining fails only after a panic, reported already.
    let _ = tokio::task::spawn_blocking(move || store.close()).await;
}

fn serve_metrics(
    gateway: &Gateway,
    stop: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> Result<(), Failure> {
    let Some(listen) = gateway.config.metrics.listen else { return Ok(()) };
    let metrics = Metrics::install().map_err(|error| Failure::refused(error.to_string()))?;
    let listener = TcpListener::bind(listen).map_err(|cause| not_bound(listen, &cause))?;
    let clock: Arc<dyn Clock> = gateway.clock.clone();
    tasks.spawn(metrics.clone().upkeep(clock, stop.clone()));
    let served = http::metrics::serve(listener, metrics, stop.clone());
    tasks.spawn(async move {
        if let Err(error) = served.await {
            tracing::error!(error = format!("{error:#}"), "metrics are no longer served");
        }
    });
    Ok(())
}

fn bind(address: SocketAddr) -> Result<TcpSocket, Failure> {
    let opened = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    opened
        .and_then(|socket| {
            // Connections of the process before us linger for a minute and must not keep us out.
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            Ok(socket)
        })
        .map_err(|cause| not_bound(address, &cause))
}

fn listen_on(socket: TcpSocket) -> std::io::Result<TcpListener> {
    socket.listen(BACKLOG)?.into_std()
}

/// The failure of an address that cannot be listened on.
pub fn not_bound(address: SocketAddr, cause: &std::io::Error) -> Failure {
    Failure::refused(format!(
        "{address} cannot be listened on ({cause}); choose another address, or stop what uses it"
    ))
}

async fn unknown_commit() -> Failure {
    tokio::time::sleep(LAST_WORDS).await;
    Failure::unknown(
        "a commit's outcome is unknown, so the process has ended; look at the disk, then start \
         again: what was kept is kept",
    )
}

/// The first panic among the workers. One that ends in order has said why, and the others go on.
async fn panic_of(workers: &mut JoinSet<()>) -> JoinError {
    while let Some(ended) = workers.join_next().await {
        if let Err(panic) = ended {
            return panic;
        }
    }
    std::future::pending().await
}

/// Without its workers a gateway would take money and never look after it, so the process ends and
/// whoever watches over it starts it again.
fn worker_died(panic: &JoinError) -> Failure {
    tracing::error!(%panic, "a worker has died");
    Failure::unknown(format!(
        "a worker has died, so the process has ended ({panic}); start it again, what was begun is \
         found again"
    ))
}

fn ended_early(ended: Result<anyhow::Result<()>, JoinError>) -> Failure {
    let reason = match ended {
        Ok(Ok(())) => "it ended by itself".to_owned(),
        Ok(Err(error)) => format!("{error:#}"),
        Err(error) => error.to_string(),
    };
    Failure::refused(format!("the HTTP server stopped: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_that_panics_is_noticed_though_others_go_on() {
        let mut workers = JoinSet::new();
        workers.spawn(std::future::pending());
        workers.spawn(async {});
        workers.spawn(async { panic!("on purpose") });
        assert!(panic_of(&mut workers).await.is_panic());
    }
}
