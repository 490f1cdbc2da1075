//! Another process that owns a cluster, to be killed.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The first message of a client that wishes for TLS, to which every server has an answer of a byte.
const MAY_WE_ENCRYPT: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];

/// A running `hold-cluster`.
pub struct Owner {
    child: Child,
    pub directory: PathBuf,
    pub server_id: String,
    pub url: String,
}

/// Notices the end of a server.
pub struct Watch {
    connection: TcpStream,
    lock: File,
}

impl Owner {
    /// Starts one and waits until its cluster answers.
    pub fn start(how: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hold-cluster"));
        command.arg(how).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program was built with this test");
        let mut lines = BufReader::new(child.stdout.take().expect("it was asked for")).lines();
        let mut line = || lines.next().expect("it says where it is").expect("it says text");
        Self { directory: line().into(), server_id: line(), url: line(), child }
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is our child");
    }

    /// Watches its server; the lock is the file that the server's users hold.
    pub fn watch(&self, lock: PathBuf) -> Watch {
        let (_, address) = self.url.split_once('@').expect("the URL carries a password");
        let (address, _) = address.split_once('/').expect("the URL names a database");
        let mut connection = TcpStream::connect(address).expect("the server listens");
        // Until something is said, the kernel may keep the connection from the server, and then nobody
        // would tell us of its end.
        connection.write_all(MAY_WE_ENCRYPT).expect("the server hears");
        connection.read_exact(&mut [0]).expect("the server answers");
        Watch {
            connection,
            lock: File::open(lock).expect("the lock is there while somebody holds it"),
        }
    }
}

impl Watch {
    /// Waits until the server has ended and its supervisor has removed what was there.
    pub fn until_gone(mut self) {
        // The end of the server is the end of its connections, however it comes.
        let _ = self.connection.read_to_end(&mut Vec::new());
        // The supervisor keeps it to itself from before that until it has ended.
        self.lock.lock().expect("a file can be locked");
    }
}

/// Whether a process is there and has not ended.
pub fn runs(id: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The state follows the name in parentheses.
    status.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}
