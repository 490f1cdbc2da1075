//! `qisma demo`: everything a newcomer needs, in one process: a fresh database with the same merchants
//! and keys every time, the gateway, the sandbox bank, and a shop to come back to.

mod guide;
mod seed;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use qisma_store::Engine;
use tokio::net::TcpListener;

use self::guide::Guide;
use super::failure::Failure;
use super::sandbox::Bank;
use super::serve::{self, Running};
use super::{Options, output};
use crate::config::{Config, Flag, Sources};
use crate::data_dir::DataDir;

/// Where the demo lives when nobody says: not where a real gateway would look.
const DATA_DEFAULT: &str = "data/demo";

/// What a demo leaves behind and the next one begins without.
const WIPED: [&str; 9] = [
    "master.key",
    "qisma.db",
    "qisma.db-shm",
    "qisma.db-wal",
    "qisma.sock",
    "qisma.toml",
    "sandbox.db",
    "sandbox.db-shm",
    "sandbox.db-wal",
];

/// How variables begin that would lead a demo to real data.
const FOREIGN: [&str; 2] = [DATABASE, "QISMA__SECURITY__MASTER_KEY"];
const DATABASE: &str = "QISMA__DATABASE__";

#[derive(Args)]
pub struct DemoCommand {
    /// Where the gateway listens, on this machine only.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the sandbox bank listens, on this machine only.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    sandbox_listen: SocketAddr,
    /// Where the shop listens, on this machine only.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8082")]
    shop_listen: SocketAddr,
    /// Keep everything in the PostgreSQL database that `QISMA__DATABASE__URL` names; it must be empty.
    #[arg(long)]
    on_server: bool,
}

impl DemoCommand {
    /// Runs the demo until it is told to stop.
    pub async fn run(self, options: &Options) -> Result<(), Failure> {
        self.check_loopback()?;
        self.check_own_data(options)?;
        let path = options.data.clone().unwrap_or_else(|| PathBuf::from(DATA_DEFAULT));
        let directory = DataDir::open(path)?;
        let lock = serve::lock(&directory).await?;
        directory.stamp_demo()?;
        // Nothing is wiped for a demo that cannot be reached.
        let door = self.bind_all().await?;
        wipe(&directory)?;

        let sources = self.sources(options);
        let config = Config::load(&sources, &directory)?;
        self.check_empty(&config)?;
        serve::start_logging(&config)?;
        let stop = serve::stop_on_signals()?;
        let app = seed::seed(&directory, config.clone()).await?;

        let bank = Bank::start(&directory, &config, &stop).await?;
        keep_settings(&directory, &config, &bank)?;
        let config = Config::load(&with_bank(sources, &bank), &directory)?;
        let running = Running::start(directory.clone(), lock, config).await?;
        let guide = Guide {
            gateway: running.address(),
            bank: bank.url.clone(),
            shop: door.local_addr().map_err(|cause| serve::not_bound(self.shop_listen, &cause))?,
            data: directory.path().to_owned(),
            app,
        };
        let selling =
            tokio::spawn(qisma_sandbox::serve_shop(door, guide.shop_options(), stop.clone()));
        output::ready(options.json, &guide.description(), &guide.text());
        let ended = running.until(&stop).await;
        // When the gateway ended by itself, the others have not been told yet.
        stop.cancel();
        let _ = (bank.ended().await, selling.await);
        ended
    }

    /// The keys of a demo are printed in the documentation.
    fn check_loopback(&self) -> Result<(), Failure> {
        let all = [self.listen, self.sandbox_listen, self.shop_listen];
        match all.iter().find(|address| !address.ip().is_loopback()) {
            None => Ok(()),
            Some(address) => Err(Failure::config(format!(
                "a demo runs on this machine only, because everybody knows its keys; {address} is \
                 not a loopback address"
            ))),
        }
    }

    /// A demo never opens another database, nor uses a key that protects real data.
    fn check_own_data(&self, options: &Options) -> Result<(), Failure> {
        let variables = options.sources().variables;
        let foreign = |name: &str| {
            let is_wanted = self.on_server && name.starts_with(DATABASE);
            !is_wanted && FOREIGN.iter().any(|start| name.starts_with(start))
        };
        let named = variables.iter().map(|(name, _)| name.as_str()).find(|name| foreign(name));
        match named.or_else(|| options.config.as_ref().map(|_| "--config")) {
            None => Ok(()),
            Some(name) => Err(Failure::config(format!(
                "a demo keeps to its own data and keys; start it without {name}"
            ))),
        }
    }

    /// What is on a server is not ours to wipe.
    fn check_empty(&self, config: &Config) -> Result<(), Failure> {
        let Engine::Postgres(_) = &config.database.engine else {
            return if self.on_server {
                Err(Failure::config("--on-server wants a postgres:// URL in QISMA__DATABASE__URL"))
            } else {
                Ok(())
            };
        };
        let found = qisma_store::schema_version(&config.database.engine)
            .map_err(|error| Failure::refused(error.to_string()))?;
        match found {
            None => Ok(()),
            Some(_) => Err(Failure::refused(format!(
                "{} is in use; a demo wants an empty database",
                config.database.engine.place()
            ))),
        }
    }

    /// Finds out whether gateway and bank can listen, who open their own ports later, and opens the
    /// shop's. Nobody has to know the shop's port beforehand, so a taken one is replaced by a free one.
    async fn bind_all(&self) -> Result<TcpListener, Failure> {
        for listen in [self.listen, self.sandbox_listen] {
            TcpListener::bind(listen).await.map_err(|e| serve::not_bound(listen, &e))?;
        }
        let listen = self.shop_listen;
        match TcpListener::bind(listen).await {
            Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => {
                TcpListener::bind(SocketAddr::new(listen.ip(), 0)).await
            }
            bound => bound,
        }
        .map_err(|e| serve::not_bound(listen, &e))
    }

    fn sources(&self, options: &Options) -> Sources {
        let mut sources = options.sources();
        // Few lines for people, unless the environment asks for something else.
        let quiet = [("QISMA__LOG__FORMAT", "text"), ("QISMA__LOG__LEVEL", "error")];
        let quiet = quiet.map(|(name, value)| (name.to_owned(), value.to_owned()));
        sources.variables.splice(0..0, quiet);
        let flag = |name, key, value: &dyn ToString| Flag { name, key, value: value.to_string() };
        sources.flags.extend([
            flag("--listen", "http.listen", &self.listen),
            flag("--sandbox-listen", "sandbox.listen", &self.sandbox_listen),
            flag("demo", "webhooks.allow_loopback", &true),
        ]);
        sources
    }
}

/// Tells the gateway where its bank really listens.
fn with_bank(mut sources: Sources, bank: &Bank) -> Sources {
    let value = format!("http://{}", bank.address);
    sources.flags.push(Flag { name: "--sandbox-listen", key: "acquirers.sandbox.url", value });
    sources
}

/// Writes down what differs from the defaults, so that `qisma verify` on this directory finds the bank.
fn keep_settings(directory: &DataDir, config: &Config, bank: &Bank) -> Result<(), Failure> {
    let path = directory.config_path();
    let mut settings = format!(
        "# The settings of this demo; the next one writes them anew.\n\
         [http]\nlisten = \"{}\"\n\n[sandbox]\nlisten = \"{}\"\n\n\
         [acquirers.sandbox]\nurl = \"http://{}\"\n\n[webhooks]\nallow_loopback = true\n",
        config.http.listen, bank.address, bank.address,
    );
    if let Engine::Postgres(options) = &config.database.engine {
        let url = toml::Value::from(&*options.url);
        writeln!(settings, "\n[database]\nurl = {url}").expect("a String takes all");
    }
    write_private(&path, &settings)
        .map_err(|cause| Failure::refused(format!("{} failed: {cause}", path.display())))
}

/// The URL of a server holds a password.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// Empties a directory that is stamped as a demo's and locked by us.
fn wipe(directory: &DataDir) -> Result<(), Failure> {
    assert!(directory.is_demo(), "only a demo is ever wiped");
    for name in WIPED {
        let path = directory.path().join(name);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                return Err(Failure::refused(format!(
                    "{} could not be removed: {cause}",
                    path.display()
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The clock of the sandbox's side.
fn sandbox_clock() -> Arc<dyn qisma_sandbox::Clock> {
    Arc::new(qisma_sandbox::SystemClock)
}
