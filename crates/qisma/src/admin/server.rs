//! The command socket of a running gateway. Whoever may open it may do everything, so it belongs to
//! the gateway's user alone.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::BufReader;
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::execute::execute;
use super::wire::{self, Envelope, Greeting, SocketPath};
use super::{AdminError, AdminRequest};
use crate::data_dir::DataDir;
use crate::gateway::Gateway;

/// How long a client may take to say what it wants.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to read what it is told.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long answers under way may take once the gateway stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Clients served at once; further ones wait in the system's queue.
const CLIENTS_MAX: usize = 32;

/// A command socket that clients can connect to.
pub struct CommandSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl CommandSocket {
    /// Opens the socket, in place of one that a killed process left behind. The caller holds the
    /// directory's lock, so nobody else listens there.
    pub fn bind(directory: &DataDir) -> io::Result<Self> {
        let path = directory.socket_path();
        // The system makes a socket for whomever the umask allows. Until that is put right it lies
        // where nobody else can reach it, whatever the data directory allows.
        let room = path.with_extension("sock.new");
        clear(&room)?;
        DirBuilder::new().mode(0o700).create(&room)?;
        let draft = room.join("qisma.sock");
        let address = SocketPath::of(&draft)?;
        let listener = UnixListener::bind(&address)?;
        fs::set_permissions(&draft, Permissions::from_mode(0o600))?;
        fs::rename(&draft, &path)?;
        fs::remove_dir(&room)?;
        Ok(Self { listener, path })
    }

    /// Answers clients until `stop`, then lets those under way finish and removes the socket.
    pub async fn serve(self, gateway: Gateway, stop: CancellationToken) {
        let clients = TaskTracker::new();
        let slots = std::sync::Arc::new(tokio::sync::Semaphore::new(CLIENTS_MAX));
        loop {
            let accept = async {
                let slot = slots.clone().acquire_owned().await.expect("nobody closes the slots");
                self.listener.accept().await.map(|(stream, _)| (stream, slot))
            };
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = accept => accepted,
            };
            match accepted {
                Ok((stream, slot)) => {
                    let (gateway, stop) = (gateway.clone(), stop.clone());
                    clients.spawn(async move {
                        if let Err(error) = answer(stream, &gateway, &stop).await {
                            tracing::debug!(%error, "a client of the command socket went away");
                        }
                        drop(slot);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, most likely: others must get the time to end.
                    tracing::warn!(%error, "the command socket could not accept a client");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        clients.close();
        if tokio::time::timeout(DRAIN_TIMEOUT, clients.wait()).await.is_err() {
            tracing::warn!("a command was cut off by the end of the gateway");
        }
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, "the command socket could not be removed");
        }
    }
}

/// Takes away what a process left that was killed while it bound its socket.
fn clear(room: &Path) -> io::Result<()> {
    match fs::remove_dir_all(room) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        cleared => cleared,
    }
}

async fn answer(
    mut stream: UnixStream,
    gateway: &Gateway,
    stop: &CancellationToken,
) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    let asked = async {
        wire::write_line(&mut write, &Greeting::ours()).await?;
        wire::read_line(&mut read, wire::REQUEST_BYTES_MAX).await
    };
    let line = tokio::select! {
        asked = tokio::time::timeout(REQUEST_TIMEOUT, asked) => asked??,
        // Nothing was asked, so nobody is cut off from an answer.
        () = stop.cancelled() => return Ok(()),
    };
    let result = match serde_json::from_slice::<AdminRequest>(&line) {
        Ok(request) => execute(gateway, request).await,
        Err(_) => Err(AdminError::refused(
            "the running gateway does not know this command; use the qisma that it was started \
             with",
        )),
    };
    let answer = Envelope::from(result);
    tokio::time::timeout(ANSWER_TIMEOUT, wire::write_line(&mut write, &answer)).await?
}
