//! The asking side: over the command socket when a gateway runs, otherwise in this process.

use std::io;
use std::time::Duration;

use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::time::Instant;

use super::execute::execute;
use super::wire::{self, Envelope, Greeting, PROTOCOL, SocketPath};
use super::{AdminError, AdminRequest, AdminResult};
use crate::config::{Config, Sources};
use crate::data_dir::{DataDir, DataDirError};
use crate::gateway::{Gateway, GatewayOptions};
use crate::keyring::{Keyring, MasterKey};
use crate::random::Randomness;

/// How long a gateway may be neither reachable nor gone: it starts, it stops, or another command
/// owns the directory for a moment.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before looking again.
const STEP: Duration = Duration::from_millis(20);

/// Asks the gateway of a data directory.
pub async fn call(directory: &DataDir, sources: &Sources, request: AdminRequest) -> AdminResult {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let in_use = match directory.lock() {
            // The lock is held until the gateway in this process is closed again.
            Ok(_lock) => return in_process(directory, sources, request).await,
            Err(in_use @ DataDirError::InUse { .. }) => in_use,
            Err(other) => return Err(AdminError::refused(other.to_string())),
        };
        if let Some(stream) = greeted(directory).await? {
            return ask(stream, &request).await;
        }
        if deadline <= Instant::now() {
            return Err(AdminError::refused(format!(
                "{in_use} (it does not answer on its command socket)"
            )));
        }
        tokio::time::sleep(STEP).await;
    }
}

/// Asks the gateway that runs on a data directory; nothing when none answers there. The directory's lock
/// is left alone.
pub async fn ask_running(directory: &DataDir, request: AdminRequest) -> Option<AdminResult> {
    match greeted(directory).await {
        Ok(None) => None,
        Ok(Some(stream)) => Some(ask(stream, &request).await),
        Err(error) => Some(Err(error)),
    }
}

/// Whether a gateway answers on the command socket of this directory.
pub async fn is_answering(directory: &DataDir) -> bool {
    connect(directory).await.is_ok()
}

/// Opens the gateway without a listener and without workers, asks it, and closes it.
async fn in_process(directory: &DataDir, sources: &Sources, request: AdminRequest) -> AdminResult {
    let config =
        Config::load(sources, directory).map_err(|error| AdminError::config(error.to_string()))?;
    let randomness = Randomness::system();
    let configured = config.security.master_key.as_ref();
    let database = &config.database.engine;
    let master = MasterKey::obtain(configured, directory, database, &mut *randomness.rng())
        .map_err(|error| AdminError::config(error.to_string()))?;
    let gateway = Gateway::open(GatewayOptions {
        bound: config.http.listen,
        config,
        keyring: Keyring::new(&master),
        clock: std::sync::Arc::new(crate::clock::SystemClock),
        randomness,
    })
    .map_err(|error| AdminError::refused(format!("{error:#}")))?;
    let result = execute(&gateway, request).await;
    let store = gateway.store.clone();
    // Closing waits for the lane's thread, and only joining fails: after a panic already reported.
    let _ = tokio::task::spawn_blocking(move || store.close()).await;
    result
}

type Greeted = BufReader<UnixStream>;

/// A connection on which the server has spoken; `None` when there is none to be had just now.
async fn greeted(directory: &DataDir) -> Result<Option<Greeted>, AdminError> {
    match connect(directory).await {
        Ok((greeting, stream)) if greeting.protocol == PROTOCOL => Ok(Some(stream)),
        Ok((greeting, _)) => Err(AdminError::refused(format!(
            "the running gateway is qisma {}, this is {}; use the same one",
            greeting.version,
            env!("CARGO_PKG_VERSION")
        ))),
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
            Err(AdminError::refused(format!(
                "{} belongs to another user; run this as the user of the gateway",
                directory.socket_path().display()
            )))
        }
        // Not there yet, no longer there, or going away as we came: nothing was asked.
        Err(_) => Ok(None),
    }
}

async fn connect(directory: &DataDir) -> io::Result<(Greeting, Greeted)> {
    let path = SocketPath::of(&directory.socket_path())?;
    let mut stream = BufReader::new(UnixStream::connect(&path).await?);
    let line = wire::read_line(&mut stream, wire::REQUEST_BYTES_MAX);
    let line = tokio::time::timeout(PATIENCE, line).await??;
    Ok((serde_json::from_slice(&line)?, stream))
}

async fn ask(mut stream: Greeted, request: &AdminRequest) -> AdminResult {
    match exchange(&mut stream, request).await {
        Ok(envelope) => envelope.into(),
        Err(cause) => Err(AdminError::unknown(format!(
            "the gateway went away before it answered ({cause}); look at what happened before you \
             ask again"
        ))),
    }
}

async fn exchange(stream: &mut Greeted, request: &AdminRequest) -> io::Result<Envelope> {
    wire::write_line(stream, request).await?;
    // No time limit: the books of a large gateway take a while to prove.
    let line = wire::read_line(stream, wire::ANSWER_BYTES_MAX).await?;
    Ok(serde_json::from_slice(&line)?)
}
