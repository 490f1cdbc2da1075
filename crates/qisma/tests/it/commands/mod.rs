//! The binary itself, run as its users run it: every command while no gateway runs and while one does.

mod api_keys;
mod attempts;
mod data;
mod demo;
mod doctor;
mod moving;
mod serve;
mod socket;
mod terminals;
mod verify;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// How long a process may take until it is ready. Generous: the machine may be busy.
const READY_TIMEOUT: Duration = Duration::from_mins(1);

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// What it answered; it must have gone well.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// The sentence with which it was refused.
    pub fn error(&self) -> String {
        assert_ne!(self.code, Some(0), "{self:?}");
        let error: Value = serde_json::from_str(&self.stderr).unwrap();
        error["error"]["message"].as_str().unwrap().to_owned()
    }
}

pub fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_qisma"))
}

/// Runs a command on a data directory, with `--json`.
pub fn qisma(data: &Path, line: &str) -> Ended {
    let mut command = command();
    command.args(line.split_whitespace()).arg("--json").arg("--data").arg(data);
    ended(&mut command)
}

pub fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A process that serves until it is dropped.
pub struct Server {
    child: Child,
    /// The line with which it said that it is ready.
    pub ready: Value,
}

impl Server {
    /// Starts `qisma serve` on a free port.
    pub fn start(data: &Path) -> Self {
        Self::of(command().args(["serve", "--listen", "127.0.0.1:0", "--json", "--data"]).arg(data))
    }

    /// Starts a process that prints one line of JSON when it is ready.
    pub fn of(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            // The other end is gone when the test has given up.
            let _ = send.send(line);
        });
        let line = receive.recv_timeout(READY_TIMEOUT).unwrap();
        Self { child, ready: serde_json::from_str(&line).unwrap() }
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already where a test ended it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a test on a data directory that nobody uses, then on one that a gateway serves.
pub fn offline_and_live(test: impl Fn(&Path)) {
    let offline = TempDir::new().unwrap();
    test(offline.path());
    let live = TempDir::new().unwrap();
    let _server = Server::start(live.path());
    test(live.path());
}
