//! A process that ends with its owner, also when the owner panics.

use anyhow::Context as _;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than the gateway gives to requests and workers.
const TERMINATE_TIMEOUT: Duration = Duration::from_mins(1);

/// A running process; dropped, it is killed.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a command, adding what it says to the end of a file.
    pub fn start(command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let open = || File::options().create(true).append(true).open(log);
        let log = open().with_context(|| format!("{} cannot be written", log.display()))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("{command:?} cannot be started"))?;
        Ok(Self { child })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        // It may have ended already; gone is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, and waits. Whether it did within a minute.
    pub async fn terminate(&mut self) -> anyhow::Result<bool> {
        let asked = Command::new("kill").arg(self.id().to_string()).status();
        asked.context("`kill` cannot be started")?;
        let begun = Instant::now();
        while begun.elapsed() < TERMINATE_TIMEOUT {
            if self.ended().is_some() {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(false)
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The memory it holds, in kB, as the kernel counts it.
    pub fn resident_kb(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
