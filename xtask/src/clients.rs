//! Tests the client kits: types and units first, then against the demo, as its users start it.

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::build::{self, Kind};
use crate::client::ports;
use crate::client::process::Process;
use crate::client::shop;
use crate::client::stand::set_environment;

/// A start that takes longer is a failure.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How many phones a kit pays with: one is sent a code only every half a minute.
const PHONES_PER_KIT: usize = 12;
/// Far more than any of the commands takes, so that one that waits for ever is a failure and no more.
const COMMAND_TIMEOUT_SECS: u64 = 600;

/// A kit, and the commands that test it in its folder.
struct Kit {
    folder: &'static str,
    alone: &'static [&'static str],
    /// With `QISMA_DEMO` in its environment.
    on_demo: &'static str,
}

const KITS: &[Kit] = &[
    Kit {
        folder: "clients/typescript",
        alone: &["npm run --silent test", "npm run --silent test:package"],
        on_demo: "npm run --silent test:gateway",
    },
    Kit {
        folder: "clients/python",
        alone: &["PYTHON -m mypy", "PYTHON -m pytest -q tests/unit"],
        on_demo: "PYTHON -m pytest -q tests/gateway",
    },
    Kit { folder: "clients/php", alone: &["phpunit tests/Unit"], on_demo: "phpunit tests/Gateway" },
];

/// Runs the tests of every kit.
///
/// Fails at the first that does not pass, and when a tool is missing.
pub fn run() -> anyhow::Result<()> {
    lint_php()?;
    for kit in KITS {
        for words in kit.alone {
            in_folder(kit.folder, words, None)?;
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let demo = runtime.block_on(Demo::start())?;
    for (nth, kit) in KITS.iter().enumerate() {
        let tested = demo
            .description(nth)
            .and_then(|description| in_folder(kit.folder, kit.on_demo, Some(&description)));
        tested.with_context(|| format!("the demo said:\n{}", demo.said()))?;
    }
    Ok(())
}

/// PHP reads a file only when it is needed, so a mistake may lie where no test comes by.
fn lint_php() -> anyhow::Result<()> {
    let mut files = Vec::new();
    for folder in ["clients/php/src", "clients/php/tests"] {
        find_php(Path::new(folder), &mut files)?;
    }
    ensure!(!files.is_empty(), "no PHP file was found");
    for file in files {
        let mut command = Command::new("php");
        command.arg("-l").arg(&file).stdin(Stdio::null());
        let checked = command.output().context("`php` cannot be started; run scripts/setup")?;
        // Which of the two says what is wrong is a setting of the machine's PHP.
        let said = String::from_utf8_lossy(&[checked.stdout, checked.stderr].concat()).into_owned();
        ensure!(checked.status.success(), "{} is no valid PHP:\n{said}", file.display());
    }
    Ok(())
}

fn find_php(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_php(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "php") {
            files.push(path);
        }
    }
    Ok(())
}

fn in_folder(folder: &str, words: &str, demo: Option<&Value>) -> anyhow::Result<()> {
    println!("in {folder}: {words}");
    let python = std::env::current_dir()?.join(".venv/bin/python");
    let python = python.to_str().context("the path of the repository is not UTF-8")?;
    let mut command = Command::new("timeout");
    // Whoever does not end when asked to is killed, with what it started.
    command.args(["--kill-after=10", &COMMAND_TIMEOUT_SECS.to_string()]);
    command.args(words.split(' ').map(|word| if word == "PYTHON" { python } else { word }));
    command.current_dir(folder).stdin(Stdio::null());
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(demo) = demo {
        command.env("QISMA_DEMO", demo.to_string());
    }
    let status = command.status().context("`timeout` cannot be started")?;
    // As coreutils' timeout has it: 124 took too long, and 127 was not found.
    match status.code() {
        Some(0) => Ok(()),
        Some(124) => bail!("in {folder}, `{words}` took more than {COMMAND_TIMEOUT_SECS} s"),
        Some(127) => bail!("in {folder}, `{words}` cannot be started; run scripts/setup"),
        _ => bail!("in {folder}, `{words}` ended with {status}"),
    }
}

/// A running demo, with what the kits' tests need besides.
struct Demo {
    // First, so that it has ended before its folder is removed.
    _process: Process,
    binary: PathBuf,
    dir: tempfile::TempDir,
    /// As the demo describes itself, see `crates/qisma/src/commands/demo/guide.rs`.
    guide: Value,
    post_app: Value,
    /// Of the merchant of both apps.
    api_key: Value,
}

impl Demo {
    async fn start() -> anyhow::Result<Self> {
        let binary = build::qisma(Kind::Dev)?;
        let dir = tempfile::Builder::new().prefix("qisma-clients-").tempdir()?;
        let mut taken: Vec<SocketAddr> = Vec::new();
        let mut command = Command::new(&binary);
        command.args(["demo", "--json", "--data"]).arg(dir.path().join("data"));
        for option in ["--listen", "--sandbox-listen", "--shop-listen"] {
            let address = ports::free(&taken)?;
            command.arg(option).arg(address.to_string());
            taken.push(address);
        }
        set_environment(&mut command, &[]);
        let mut process = Process::start(&mut command, &dir.path().join("demo.log"))?;
        let guide = await_guide(&mut process, &dir.path().join("demo.log")).await?;
        let (post_app, api_key) = (Value::Null, Value::Null);
        let mut demo = Self { _process: process, binary, dir, guide, post_app, api_key };
        // The demo's own app tries a GET first, as its mode is `auto`.
        let app = ["app", "create", "--merchant", "1000", "--mode", "test"];
        demo.post_app = demo.command(&[&app[..], &["--webhook-mode", "post"]].concat())?;
        demo.api_key =
            demo.command(&["apikey", "create", "--merchant", "1000", "--mode", "test"])?;
        Ok(demo)
    }

    /// What the tests of this kit are told, with wallets that nobody else pays with.
    fn description(&self, nth_kit: usize) -> anyhow::Result<Value> {
        let begin = nth_kit * PHONES_PER_KIT;
        let phones: Vec<String> = (begin..begin + PHONES_PER_KIT).map(shop::phone).collect();
        for phone in &phones {
            let wallet = ["wallet", "create", "--phone", phone, "--name", "Payer"];
            let funded = ["--mode", "test", "--fund-millimes", "100000"];
            self.command(&[&wallet[..], &funded].concat())?;
        }
        Ok(json!({
            "gateway": self.guide["gateway"],
            "sandbox": self.guide["sandbox"],
            "get": self.guide["app"],
            "post": self.post_app,
            "api_key": self.api_key["api_key"],
            "phones": phones,
        }))
    }

    /// What the demo said so far.
    fn said(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("demo.log")).unwrap_or_default()
    }

    fn command(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let mut command = Command::new(&self.binary);
        command.arg("--data").arg(self.dir.path().join("data")).arg("--json").args(arguments);
        set_environment(&mut command, &[]);
        let output = command.output().context("the binary cannot be started")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "`qisma {}` failed: {said}", arguments.join(" "));
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

async fn await_guide(process: &mut Process, log: &Path) -> anyhow::Result<Value> {
    let begun = Instant::now();
    while begun.elapsed() < START_TIMEOUT {
        let said = std::fs::read_to_string(log).unwrap_or_default();
        let whole = said.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let mut objects = whole.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        if let Some(guide) = objects.find(|object| object["gateway"].is_string()) {
            return Ok(guide);
        }
        if let Some(status) = process.ended() {
            bail!("the demo ended with {status}:\n{said}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("the demo does not start")
}
