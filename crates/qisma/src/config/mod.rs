//! The settings. `qisma.default.toml` lists them all; a file, variables and flags override it in
//! that order, and whatever is wrong is said at once, with the place it came from.

mod acquirers;
mod codes;
mod database;
mod gateway;
mod layers;
mod nearest;
mod network;
mod outgoing;
mod reader;
mod settlement;
mod unsafe_settings;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use qisma_domain::emv::Collector;
use thiserror::Error;

pub use self::acquirers::{AcquirerSettings, Acquirers, SandboxAcquirer};
pub use self::database::Database;
pub use self::gateway::{
    Cards, Http, Ledger, Links, Log, LogFormat, Metrics, Payments, Refunds, Sandbox, Security,
    TlsFiles, Workers,
};
use self::layers::Layers;
pub use self::network::Network;
pub use self::outgoing::{Messages, Rails, SmsGateway, WalletRail, Webhooks};
use self::reader::Reader;
pub use self::settlement::Settlement;
use crate::data_dir::DataDir;

/// The default settings, compiled in: also the list of every setting there is.
pub const DEFAULTS: &str = include_str!("../../../../qisma.default.toml");

/// What a program was started with, as far as settings go.
#[derive(Default)]
pub struct Sources {
    /// The file of `--config`; without one, `qisma.toml` in the data directory if it exists.
    pub file: Option<PathBuf>,
    /// The environment. Variables that do not begin with `QISMA__` are left alone.
    pub variables: Vec<(String, String)>,
    /// Flags that set a setting, as given on the command line.
    pub flags: Vec<Flag>,
}

/// A flag that sets a setting, for example `--listen` for `http.listen`.
#[derive(Clone)]
pub struct Flag {
    /// The flag as it was typed, for messages: `--listen`.
    pub name: &'static str,
    /// The setting it sets: `http.listen`.
    pub key: &'static str,
    /// Its value.
    pub value: String,
}

impl Sources {
    /// The environment of this process, without flags.
    pub fn from_environment(file: Option<PathBuf>) -> Self {
        // What is not UTF-8 is taken with replacement marks: a setting that was meant must be seen
        // to be wrong rather than be passed over.
        let variables = std::env::vars_os()
            .map(|(name, value)| {
                (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
            })
            .collect();
        Self { file, variables, flags: Vec::new() }
    }
}

/// Settings that cannot be used: every mistake, one line each.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("{}", problems.join("\n"))]
pub struct ConfigError {
    /// One sentence for each mistake: the setting, where it was set, and what is allowed. Values
    /// of secrets are never quoted.
    pub problems: Vec<String>,
}

/// Where the value of a setting came from, for `qisma doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingOrigin {
    /// The setting: `http.listen`.
    pub key: String,
    /// Its value as TOML, or `***` for a secret that is set.
    pub value: String,
    /// `default`, a file's path, a variable's or a flag's name.
    pub origin: String,
}

/// Every setting, checked: one part for each concern.
#[derive(Clone, Debug)]
pub struct Config {
    /// How payers and platforms reach the gateway.
    pub http: Http,
    /// Where metrics are served.
    pub metrics: Metrics,
    /// Where everything is stored.
    pub database: Database,
    /// The master key.
    pub security: Security,
    /// The sandbox bank, when this process is one.
    pub sandbox: Sandbox,
    /// Who takes cards for us.
    pub acquirers: Acquirers,
    /// How much may be tried with cards.
    pub cards: Cards,
    /// Which ways to pay are open.
    pub rails: Rails,
    /// What stands in every QR code.
    pub qr: Collector,
    /// How payers are written to.
    pub messages: Messages,
    /// How events leave.
    pub webhooks: Webhooks,
    /// Which links are taken.
    pub links: Links,
    /// How the books are kept.
    pub ledger: Ledger,
    /// How long money is held for merchants.
    pub payments: Payments,
    /// How money is given back.
    pub refunds: Refunds,
    /// When the money of card payments is here.
    pub settlement: Settlement,
    /// What is done without being asked.
    pub workers: Workers,
    /// What is logged.
    pub log: Log,
    origins: Vec<SettingOrigin>,
    unsafe_settings: Vec<String>,
}

impl Config {
    /// Reads and checks every setting.
    pub fn load(sources: &Sources, directory: &DataDir) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let layers = Layers::merge(sources, directory, &mut problems);
        let origins = layers.origins();
        let exposed_file = layers.exposed_file_with_secrets();
        let mut reader = Reader::new(&layers, problems);
        let read = Self {
            http: Http::read(&mut reader),
            metrics: Metrics::read(&mut reader),
            database: Database::read(&mut reader, directory),
            security: Security::read(&mut reader),
            sandbox: Sandbox::read(&mut reader),
            acquirers: Acquirers::read(&mut reader),
            cards: Cards::read(&mut reader),
            rails: Rails::read(&mut reader),
            qr: codes::read(&mut reader),
            messages: Messages::read(&mut reader),
            webhooks: Webhooks::read(&mut reader),
            links: Links::read(&mut reader),
            ledger: Ledger::read(&mut reader),
            payments: Payments::read(&mut reader),
            refunds: Refunds::read(&mut reader),
            settlement: Settlement::read(&mut reader),
            workers: Workers::read(&mut reader),
            log: Log::read(&mut reader),
            origins,
            unsafe_settings: Vec::new(),
        };
        reader.finish()?;
        let unsafe_settings = unsafe_settings::of(&read, exposed_file);
        Ok(Self { unsafe_settings, ..read })
    }

    /// Every setting with its value and where that came from, in the order of the names.
    pub fn origins(&self) -> &[SettingOrigin] {
        &self.origins
    }

    /// A sentence for each setting that is allowed but dangerous, saying what to do about it.
    pub fn unsafe_settings(&self) -> &[String] {
        &self.unsafe_settings
    }
}
