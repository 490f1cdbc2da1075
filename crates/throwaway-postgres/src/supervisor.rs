//! Starts a server by way of its supervisor, which ends it when nobody uses it any more.

use crate::place::Place;
use anyhow::{Context as _, bail};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// Does the work; a shell, so that it is alive without us.
const SCRIPT: &str = include_str!("supervisor.sh");

/// What a supervisor is to start.
pub struct Start<'start> {
    /// `postgres` or `pgbouncer`, as the script names it.
    pub kind: &'static str,
    /// The directory of its programs.
    pub programs: &'start Path,
    /// The directory it works in, with its settings.
    pub directory: &'start Path,
    /// The file that its users lock.
    pub lock: &'start Path,
    /// The file that tells others where it is, if they may know.
    pub state: &'start Path,
    /// How long it stays when nobody uses it.
    pub linger_secs: u32,
}

impl Start<'_> {
    /// Starts the server and waits until it answers. Somebody must hold the lock already.
    ///
    /// Fails with what the server said; the directory is then gone.
    pub fn run(&self, place: &Place) -> anyhow::Result<Child> {
        let script = self.directory.join("supervisor.sh");
        place.write(&script, SCRIPT)?;
        let mut command = place.account().command("sh");
        command.arg(script).current_dir(self.directory);
        command.env("KIND", self.kind).env("PROGRAMS", self.programs);
        command.env("DIRECTORY", self.directory).env("LOCK", self.lock).env("STATE", self.state);
        command.env("LINGER_SECS", self.linger_secs.to_string());
        // Out of reach of what interrupts or ends us and our group.
        command.stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut child = command.spawn().context("`sh` cannot be started")?;
        let mut said = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut line = String::new();
        said.read_line(&mut line)?;
        if line == "ready\n" {
            return Ok(child);
        }
        said.read_to_string(&mut line)?;
        child.wait()?;
        bail!("{} cannot be started: {}", self.kind, line.trim_end());
    }
}

/// One's part in a running server.
pub struct Hold {
    lock: Option<File>,
    /// The supervisor, where the server ends with this hold.
    supervisor: Option<Child>,
}

impl Hold {
    /// Takes part in a server that others may use longer.
    pub fn shared(lock: File) -> Self {
        Self { lock: Some(lock), supervisor: None }
    }

    /// Owns a server alone.
    pub fn alone(lock: File, supervisor: Child) -> Self {
        Self { lock: Some(lock), supervisor: Some(supervisor) }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        drop(self.lock.take());
        if let Some(supervisor) = &mut self.supervisor {
            // It has begun to remove the server; whoever looks after us finds nothing.
            let _ = supervisor.wait();
        }
    }
}

/// A server of its own in a new directory, which the settings are written to first; this answers where
/// its programs are.
pub fn start_alone(
    place: &Place,
    kind: &'static str,
    prepare: impl FnOnce(&Path) -> anyhow::Result<PathBuf>,
) -> anyhow::Result<(PathBuf, Hold)> {
    let directory = place.make_directory(kind)?;
    let path = directory.join("lock");
    let lock = place.lock_use(&path)?;
    let programs = prepare(&directory)?;
    let start = Start {
        kind,
        programs: &programs,
        directory: &directory,
        lock: &path,
        // Nobody is to know.
        state: &directory.join("state"),
        linger_secs: 0,
    };
    let supervisor = start.run(place)?;
    Ok((directory, Hold::alone(lock, supervisor)))
}
