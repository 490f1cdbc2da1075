//! Lets schemathesis make requests from openapi.json and hold the answers against it: statuses, shapes,
//! headers, valid requests that are refused, invalid ones that are not, calls without credentials.

use anyhow::{Context as _, bail, ensure};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::client::build::{self, Kind};
use crate::client::shop::{self, Shop};
use crate::client::stand::{Stand, StandOptions, unlimited};
use crate::malformed::canary;

/// Far more than it takes, so that a hanging request is a failure and no more.
const COMMAND_TIMEOUT_SECS: u64 = 600;
/// What never changes: which checks, and where the document cannot say what the gateway demands.
const CONFIGURATION: &str = include_str!("../schemathesis/schemathesis.toml");

/// How to run it.
#[derive(clap::Args)]
pub struct Options {
    /// Ask only about this path of openapi.json.
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
}

/// Runs it.
///
/// Fails when an answer and openapi.json differ, when the gateway panics, or when the books do not
/// balance afterwards.
pub fn run(options: &Options) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(examine(options))
}

async fn examine(options: &Options) -> anyhow::Result<()> {
    let binary = build::qisma(Kind::Dev)?;
    let stand = StandOptions { binary, mutant: None, data: None, settings: unlimited() };
    let mut stand = Stand::open(stand).await?;
    stand.start().await?;
    let known = Known::make(&stand).await?;
    let configuration = stand.folder().join("schemathesis.toml");
    std::fs::write(&configuration, format!("{CONFIGURATION}{}", known.configuration()))?;
    let examined = ask(options, &stand, &configuration);
    if examined.is_err() {
        stand.keep_folder();
        println!("the gateway's log is in {}", stand.folder().display());
    }
    examined?;
    ensure!(!stand.log().contains("panicked"), "schemathesis: the gateway panicked; see its log");
    let (passed, report) = stand.try_command(&["verify", "--require-acquirer"])?;
    ensure!(passed, "schemathesis: `qisma verify` fails afterwards: {report}");
    Ok(())
}

fn ask(options: &Options, stand: &Stand, configuration: &Path) -> anyhow::Result<()> {
    let program = std::env::current_dir()?.join(".venv/bin/st");
    ensure!(program.exists(), "schemathesis is not installed; run scripts/setup");
    let mut command = Command::new("timeout");
    command.args(["--kill-after=10", &COMMAND_TIMEOUT_SECS.to_string()]);
    command.arg(program).arg("--config-file").arg(configuration);
    command.arg("run").arg(std::env::current_dir()?.join("openapi.json"));
    command.arg("--url").arg(format!("http://{}", stand.gateway)).arg("--no-color");
    if let Some(path) = &options.path {
        command.args(["--include-path", path]);
    }
    // It keeps what it learned beside itself, and that would make the next run another one.
    command.current_dir(stand.folder()).stdin(Stdio::null());
    match command.status().context("`timeout` cannot be started")?.code() {
        Some(0) => Ok(()),
        Some(124) => bail!("schemathesis: it took more than {COMMAND_TIMEOUT_SECS} s"),
        _ => bail!("schemathesis: answers and openapi.json differ; see above"),
    }
}

/// What no generator can guess, so that more than refusals is seen.
struct Known {
    public_key: String,
    private_key: String,
    api_key: String,
    open_payment: String,
    paid_payment: String,
}

impl Known {
    async fn make(stand: &Stand) -> anyhow::Result<Self> {
        let shop = Shop::open(stand)?;
        let phones = [shop::phone(0)];
        Shop::make_wallets(stand, &phones)?;
        let keys = shop.authorization.strip_prefix("Bearer ").and_then(|keys| keys.split_once(':'));
        let (public_key, private_key) = keys.context("the shop has no pair of keys")?;
        let made = stand.command(&["apikey", "create", "--merchant", shop::PLATFORM])?;
        let api_key = made["api_key"].as_str().context("an API key was not shown")?.to_owned();
        Ok(Self {
            api_key,
            public_key: public_key.to_owned(),
            private_key: private_key.to_owned(),
            open_payment: canary::open_payment(&shop).await?,
            paid_payment: canary::sing(&shop, stand.sandbox, &phones[0]).await?,
        })
    }

    fn configuration(&self) -> String {
        let Self { public_key, private_key, api_key, open_payment, paid_payment } = self;
        let merchants = shop::MERCHANTS;
        format!(
            "[auth.openapi.app_keys]\n\
             bearer = \"{public_key}:{private_key}\"\n\
             [auth.openapi.api_key]\n\
             api_key = \"Api-Key {api_key}\"\n\
             [dictionaries]\n\
             public_keys.values = [\"{public_key}\"]\n\
             private_keys.values = [\"{private_key}\"]\n\
             payments.values = [\"{open_payment}\", \"{paid_payment}\"]\n\
             merchants.values = {merchants:?}\n\
             own_merchant.values = [\"{}\"]\n\
             dates.values = [\"2026-11-23\", \"2026-11-23T10:30:00Z\"]\n\
             links.values = [\"https://shop.example/a\", \"http://shop.example:8080/b?c=d\"]\n",
            shop::PLATFORM,
        )
    }
}
