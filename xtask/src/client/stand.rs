//! A gateway and its sandbox as processes of their own, in a folder of their own.

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::time::sleep;

use super::ports;
use super::process::Process;
use super::wire::{Connection, Request};

/// A start that takes longer is a failure.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// How to set one up.
pub struct StandOptions {
    /// The binary.
    pub binary: PathBuf,
    /// The planted bug that the gateway runs with.
    pub mutant: Option<String>,
    /// Where the gateway keeps its data; none: in the stand's own folder.
    pub data: Option<PathBuf>,
    /// Further settings of the gateway, as variables.
    pub settings: Vec<(String, String)>,
}

/// The settings for a harness, which asks more often than anybody may and from one address.
pub fn unlimited() -> Vec<(String, String)> {
    let limits = [
        "VERIFY",
        "LOGIN_FAILURES",
        "UNKNOWN_LINKS",
        "BANK_LOOKS",
        "PAGES",
        "PAYMENT_FORMS",
        "PAYMENT_REQUESTS",
    ];
    let setting = |name| (format!("QISMA__HTTP__{name}_PER_MINUTE_MAX"), "60000000".to_owned());
    let mut settings: Vec<(String, String)> = limits.map(setting).into();
    for name in ["DECLINES_PER_CARD", "ATTEMPTS_PER_ADDRESS", "DECLINES_PER_ADDRESS"] {
        settings.push((format!("QISMA__CARDS__{name}_MAX"), "0".to_owned()));
    }
    settings
}

/// A gateway and its sandbox.
pub struct Stand {
    options: StandOptions,
    dir: tempfile::TempDir,
    /// Where the gateway listens.
    pub gateway: SocketAddr,
    /// Where the sandbox listens.
    pub sandbox: SocketAddr,
    server: Option<Process>,
    _bank: Process,
}

impl Stand {
    /// Starts the sandbox. The gateway is started by [`Self::start`].
    pub async fn open(options: StandOptions) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("qisma-stand-").tempdir()?;
        let sandbox = ports::free(&[])?;
        let gateway = ports::free(&[sandbox])?;
        let mut command = Command::new(&options.binary);
        let listen = sandbox.to_string();
        let data = dir.path().join("bank");
        command.arg("sandbox").arg("--data").arg(&data).args(["--listen", &listen]);
        set_environment(&mut command, &[]);
        let mut bank = Process::start(&mut command, &dir.path().join("bank.log"))?;
        wait_for(&mut bank, sandbox, "/").await.context("the sandbox does not start")?;
        Ok(Self { options, dir, gateway, sandbox, server: None, _bank: bank })
    }

    /// The folder of logs and journals.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Keeps the folder for whoever wants to look into it.
    pub fn keep_folder(&mut self) {
        self.dir.disable_cleanup(true);
    }

    /// What the gateway said so far.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("gateway.log")
    }

    fn data(&self) -> PathBuf {
        self.options.data.clone().unwrap_or_else(|| self.dir.path().join("data"))
    }

    fn variables(&self) -> Vec<(String, String)> {
        let sandbox = format!("http://{}", self.sandbox);
        let mut variables = vec![
            ("QISMA__WEBHOOKS__ALLOW_LOOPBACK".to_owned(), "true".to_owned()),
            ("QISMA__ACQUIRERS__SANDBOX__URL".to_owned(), sandbox),
        ];
        variables
            .extend(self.options.mutant.iter().map(|name| ("QISMA_MUTANT".into(), name.clone())));
        variables.extend(self.options.settings.iter().cloned());
        variables
    }

    /// Starts the gateway and does not wait for it.
    pub fn launch(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new(&self.options.binary);
        let listen = self.gateway.to_string();
        command.arg("serve").arg("--data").arg(self.data()).args(["--listen", &listen]);
        set_environment(&mut command, &self.variables());
        self.server = Some(Process::start(&mut command, &self.log_path())?);
        Ok(())
    }

    /// Starts the gateway and gives the time until its first answer with status 200.
    pub async fn start(&mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.launch()?;
        let server = self.server.as_mut().expect("it was launched just now");
        let waited = wait_for(server, self.gateway, "/health").await;
        waited.with_context(|| {
            format!("the gateway does not start; its log ends:\n{}", self.tail())
        })?;
        Ok(begun.elapsed())
    }

    /// Ends the gateway as `kill -9` does.
    pub fn kill(&mut self) {
        drop(self.server.take());
    }

    /// The gateway's process, while it runs.
    pub fn server(&mut self) -> Option<&mut Process> {
        self.server.as_mut()
    }

    /// The last lines of the gateway's log.
    pub fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Runs a command of the binary and reads its JSON.
    ///
    /// Fails when the command does, with what it said.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let (succeeded, answer) = self.try_command(arguments)?;
        ensure!(succeeded, "`qisma {}` failed: {answer}", arguments.join(" "));
        Ok(answer)
    }

    /// Runs a command of the binary: whether it succeeded, and its JSON or else what it said.
    pub fn try_command(&self, arguments: &[&str]) -> anyhow::Result<(bool, Value)> {
        let mut command = Command::new(&self.options.binary);
        command.arg("--data").arg(self.data()).arg("--json").args(arguments);
        set_environment(&mut command, &self.variables());
        let output = command.output().context("the binary cannot be started")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let answer = serde_json::from_slice(&output.stdout);
        match answer {
            Ok(answer) => Ok((output.status.success(), answer)),
            Err(_) if output.stdout.is_empty() => Ok((output.status.success(), said.into())),
            Err(cause) => bail!("`qisma {}` does not print JSON: {cause}", arguments.join(" ")),
        }
    }
}

/// Only these settings count, whatever the caller's environment holds.
pub fn set_environment(command: &mut Command, variables: &[(String, String)]) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("QISMA_") {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
}

async fn wait_for(process: &mut Process, address: SocketAddr, path: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < START_TIMEOUT {
        if let Some(status) = process.ended() {
            bail!("the process ended with {status}");
        }
        if answers(address, path).await {
            return Ok(());
        }
        sleep(Duration::from_millis(2)).await;
    }
    bail!("no answer after {} s", START_TIMEOUT.as_secs())
}

async fn answers(address: SocketAddr, path: &str) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    let answer = connection.call(&Request::new("GET", path, address)).await;
    answer.is_ok_and(|answer| answer.status == 200)
}
