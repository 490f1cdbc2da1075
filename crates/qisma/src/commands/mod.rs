//! The command line: one file per command. What reads or changes data becomes a request to the
//! gateway, answered by the running one or by one opened for it; the others run something.
//!
//! Standard output holds the answer and nothing else, one line of JSON with `--json`. What went wrong
//! is one sentence on standard error, with `--json` as `{"error":{"message":...}}`.

mod api_key;
mod app;
mod arguments;
mod attempt;
mod balance;
mod delivery;
mod demo;
mod doctor;
mod failure;
mod merchant;
mod migrate;
mod output;
mod payment;
mod refund;
mod sandbox;
mod serve;
mod terminal;
mod verify;
mod wallet;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tokio::runtime::Runtime;

use self::failure::Failure;
use crate::admin::{self, AdminRequest};
use crate::config::Sources;
use crate::data_dir::DataDir;

/// The data directory when none is named.
const DATA_DEFAULT: &str = "data";

/// Qisma: one payment, many recipients, every millime accounted for.
#[derive(Parser)]
#[command(name = "qisma", version)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes, before or after its name.
#[derive(Args)]
struct Options {
    /// The directory that holds everything the gateway keeps [default: data; demo: data/demo].
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Answer with one line of JSON.
    #[arg(long, global = true)]
    json: bool,
    /// The settings file [default: qisma.toml in the data directory, if there is one].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Options {
    /// The data directory, made when absent.
    fn directory(&self) -> Result<DataDir, Failure> {
        let path = self.data.clone().unwrap_or_else(|| PathBuf::from(DATA_DEFAULT));
        Ok(DataDir::open(path)?)
    }

    /// The sources of settings, without flags.
    fn sources(&self) -> Sources {
        Sources::from_environment(self.config.clone())
    }
}

#[derive(Subcommand)]
enum Command {
    /// Run the gateway.
    Serve(serve::ServeCommand),
    /// Run the sandbox bank, for test payments.
    Sandbox(sandbox::SandboxCommand),
    /// Run everything on this machine, with data to look at.
    Demo(demo::DemoCommand),
    /// Those whom a payment may credit.
    #[command(subcommand)]
    Merchant(merchant::MerchantCommand),
    /// A merchant's way in: keys, mode, webhooks.
    #[command(subcommand)]
    App(app::AppCommand),
    /// Keys for the calls that take `Api-Key`: QR codes.
    #[command(subcommand, name = "apikey")]
    ApiKey(api_key::ApiKeyCommand),
    /// The machines on merchants' counters.
    #[command(subcommand)]
    Terminal(terminal::TerminalCommand),
    /// Money that payers keep with us.
    #[command(subcommand)]
    Wallet(wallet::WalletCommand),
    /// What was asked for and what became of it.
    #[command(subcommand)]
    Payment(payment::PaymentCommand),
    /// Money on its way back to payers.
    #[command(subcommand)]
    Refund(refund::RefundCommand),
    /// Single tries to pay, and what the bank has not settled.
    #[command(subcommand)]
    Attempt(attempt::AttemptCommand),
    /// Webhooks, sent and to be sent.
    #[command(subcommand)]
    Delivery(delivery::DeliveryCommand),
    /// What merchants' accounts hold.
    #[command(subcommand)]
    Balance(balance::BalanceCommand),
    /// Bring the database's schema up to date, or move everything to another engine.
    Migrate(migrate::MigrateCommand),
    /// Prove that the books balance, also against the acquirers' own.
    Verify(verify::VerifyCommand),
    /// Show the settings and where they came from, and what is unsafe.
    Doctor,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let Cli { options, command } = Cli::parse();
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(cause) => {
            let failure =
                Failure::refused(format!("the process cannot start its threads: {cause}"));
            return failure.report(options.json);
        }
    };
    let result = runtime.block_on(command.run(&options));
    // Reads that hang in the system must not keep a process that has given its answer.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(options.json),
    }
}

impl Command {
    async fn run(self, options: &Options) -> Result<(), Failure> {
        match self {
            Self::Serve(command) => command.run(options).await,
            Self::Sandbox(command) => command.run(options).await,
            Self::Demo(command) => command.run(options).await,
            Self::Merchant(command) => ask(options, command.into()).await,
            Self::App(command) => ask(options, command.into()).await,
            Self::ApiKey(command) => ask(options, command.into()).await,
            Self::Terminal(command) => ask(options, command.into()).await,
            Self::Wallet(command) => ask(options, command.into()).await,
            Self::Payment(command) => ask(options, command.into()).await,
            Self::Refund(command) => ask(options, command.into()).await,
            Self::Attempt(command) => ask(options, command.into()).await,
            Self::Delivery(command) => ask(options, command.into()).await,
            Self::Balance(command) => ask(options, command.into()).await,
            Self::Verify(command) => command.run(options).await,
            Self::Migrate(command) => command.run(options).await,
            Self::Doctor => doctor::run(options).await,
        }
    }
}

/// Asks the gateway of the data directory and prints what it answers.
async fn ask(options: &Options, request: AdminRequest) -> Result<(), Failure> {
    let answer = admin::call(&options.directory()?, &options.sources(), request).await?;
    output::print(answer.get(), options.json);
    Ok(())
}
