//! How a request travels over the command socket: the server greets, the client sends one line of
//! JSON, the server answers with one line and hangs up.
//!
//! The greeting is what makes a retry safe: until it has been read nothing was asked, so nothing can
//! have happened.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{AdminError, AdminResult};

/// Raised when a request or an answer changes its shape.
pub const PROTOCOL: u32 = 1;
/// The longest request.
pub const REQUEST_BYTES_MAX: u64 = 64 * 1024;
/// The longest answer: a thousand payments with their legs stay far below it.
pub const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The longest path the system takes for a socket, its final zero included (unix(7)).
const SOCKET_PATH_BYTES_MAX: usize = 108;

/// What the server says first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Greeting {
    /// How it speaks.
    pub protocol: u32,
    /// Which release it is.
    pub version: String,
}

impl Greeting {
    /// The greeting of this binary.
    pub fn ours() -> Self {
        Self { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// An answer on its way.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Envelope {
    /// It was done.
    Done(Box<RawValue>),
    /// It was not, or nobody knows.
    Error(AdminError),
}

impl From<AdminResult> for Envelope {
    fn from(result: AdminResult) -> Self {
        match result {
            Ok(answer) => Self::Done(answer),
            Err(error) => Self::Error(error),
        }
    }
}

impl From<Envelope> for AdminResult {
    fn from(envelope: Envelope) -> Self {
        match envelope {
            Envelope::Done(answer) => Ok(answer),
            Envelope::Error(error) => Err(error),
        }
    }
}

/// Writes a value as one line.
pub async fn write_line(
    stream: &mut (impl AsyncWrite + Unpin),
    value: &impl Serialize,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.flush().await
}

/// Reads one line of at most `bytes_max` bytes. A line that is cut off or too long is an error.
pub async fn read_line(
    stream: &mut (impl AsyncBufRead + Unpin),
    bytes_max: u64,
) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    stream.take(bytes_max).read_until(b'\n', &mut line).await?;
    match line.last() {
        Some(b'\n') => Ok(line),
        Some(_) if bytes_max <= u64::try_from(line.len()).unwrap_or(u64::MAX) => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "the line is too long"))
        }
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// A socket's path that the system takes, however deep the directory lies.
pub struct SocketPath {
    path: PathBuf,
    // Keeps the directory open while the path leads through it.
    _directory: Option<File>,
}

impl SocketPath {
    /// The path by which `socket` is bound or reached.
    pub fn of(socket: &Path) -> io::Result<Self> {
        if socket.as_os_str().len() < SOCKET_PATH_BYTES_MAX {
            return Ok(Self { path: socket.to_owned(), _directory: None });
        }
        let (Some(parent), Some(name)) = (socket.parent(), socket.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let directory = File::open(parent)?;
        let path = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
        Ok(Self { path, _directory: Some(directory) })
    }
}

impl AsRef<Path> for SocketPath {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}
