//! `qisma doctor`: what is in force and where it came from, what is unsafe, and whether it can work.

mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use qisma_store::{
    Engine, OpenError, ServerHealth, Unfolded, examine_server, schema_version, sqlite_version,
    unfolded,
};
use serde::Serialize;

use self::server::Patient;
use super::failure::Failure;
use super::{Options, output};
use crate::admin;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, SettingOrigin};
use crate::data_dir::{DataDir, DataDirError};
use crate::keyring::{Keyring, MasterKey};
use crate::random::Randomness;

/// What the doctor found.
#[derive(Serialize)]
struct Report {
    version: &'static str,
    sqlite_version: &'static str,
    data: String,
    data_mode: Option<String>,
    is_demo: bool,
    engine: &'static str,
    database: String,
    /// None: there is no schema yet.
    schema_version: Option<i64>,
    key_id: Option<String>,
    /// None: there are no books yet.
    unfolded: Option<Waiting>,
    server: Server,
    /// What a PostgreSQL server says of itself.
    #[serde(flatten)]
    server_health: Option<ServerHealth>,
    settings: Vec<Setting>,
    unsafe_settings: Vec<String>,
    problems: Vec<String>,
}

/// Who uses the directory.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Server {
    /// A gateway that answers on its command socket.
    Running,
    /// Some process, which does not answer there.
    NotAnswering,
    /// Nobody.
    Stopped,
}

/// How far the balances are behind the journal.
#[derive(Serialize)]
struct Waiting {
    lines: i64,
    /// Of the oldest line.
    lag_secs: Option<i64>,
}

impl Waiting {
    fn of(found: Unfolded) -> Self {
        let now = SystemClock.now();
        Self {
            lines: found.lines,
            lag_secs: found.oldest_at.map(|at| now.secs().saturating_sub(at.secs())),
        }
    }
}

#[derive(Serialize)]
struct Setting {
    key: String,
    value: String,
    origin: String,
}

impl Setting {
    fn of(setting: &SettingOrigin) -> Self {
        let SettingOrigin { key, value, origin } = setting.clone();
        Self { key, value, origin }
    }
}

/// Prints the report. What is unsafe is a warning; what keeps the gateway from working is a failure.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let directory = options.directory()?;
    let config = Config::load(&options.sources(), &directory)?;
    let mut problems = Vec::new();
    let engine = config.database.engine.clone();
    // A server is asked over the network, which is not for this thread.
    let look = move || {
        let looked = schema_version(&engine).and_then(|schema| {
            qisma_store::check_schema(&engine, schema)?;
            let health = examine_server(&engine, || SystemClock.now())?;
            Ok((schema, health, unfolded(&engine)?))
        });
        (looked, engine)
    };
    let (looked, engine) = tokio::task::spawn_blocking(look)
        .await
        .map_err(|_| Failure::refused("the database could not be looked at"))?;
    let (schema, server_health, waiting) = looked.unwrap_or_else(|error| {
        problems.push(error.to_string());
        (None, None, None)
    });
    let server = server(&directory, &mut problems).await;
    let mut unsafe_settings = unsafe_settings(&directory, &config);
    if let (Some(health), Engine::Postgres(options)) = (&server_health, &engine) {
        let read_connections_max = config.database.read_connections_max;
        let is_running = matches!(server, Server::Running);
        let patient = Patient { health, options, read_connections_max, is_running };
        problems.extend(patient.problems());
        unsafe_settings.extend(patient.warnings());
    }
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        sqlite_version: sqlite_version(),
        data: directory.path().display().to_string(),
        data_mode: mode_of(&directory),
        is_demo: directory.is_demo(),
        engine: engine.name(),
        database: engine.place(),
        schema_version: schema,
        key_id: key_id(&directory, &config, &mut problems),
        unfolded: waiting.map(Waiting::of),
        server,
        server_health,
        settings: config.origins().iter().map(Setting::of).collect(),
        unsafe_settings,
        problems,
    };
    output::print(&serde_json::to_string(&report).expect("a report is JSON"), options.json);
    match report.problems.first() {
        None => Ok(()),
        Some(first) => Err(Failure::refused(format!("the gateway cannot work: {first}"))),
    }
}

fn mode_bits(directory: &DataDir) -> Option<u32> {
    Some(fs::metadata(directory.path()).ok()?.permissions().mode() & 0o777)
}

fn mode_of(directory: &DataDir) -> Option<String> {
    mode_bits(directory).map(|bits| format!("{bits:04o}"))
}

fn unsafe_settings(directory: &DataDir, config: &Config) -> Vec<String> {
    let mut found = config.unsafe_settings().to_vec();
    if mode_bits(directory).is_some_and(|bits| bits & 0o022 != 0) {
        let path = directory.path().display();
        found.push(format!("{path} can be written to by other users; run: chmod 700 {path}"));
    }
    found.extend(config.settlement.warnings(SystemClock.now()));
    if directory.is_demo() {
        found.push("this is a demo: everybody knows its keys, so never serve it".to_owned());
    }
    found
}

/// The name of the master key, if there is one. None is made: that is for `serve`.
fn key_id(directory: &DataDir, config: &Config, problems: &mut Vec<String>) -> Option<String> {
    let configured = config.security.master_key.as_ref();
    let database = &config.database.engine;
    // An unreadable database is a problem that was noted before.
    let remembered = qisma_store::key_id(database).ok().flatten();
    let is_absent = configured.is_none() && !directory.master_key_path().exists();
    if is_absent && remembered.is_none() {
        return None;
    }
    match MasterKey::obtain(configured, directory, database, &mut *Randomness::system().rng()) {
        Ok(master) => {
            let in_use = Keyring::new(&master).key_id().to_owned();
            if let Some(written_under) = remembered.filter(|id| *id != in_use) {
                let (path, in_use) = (database.place(), in_use.clone());
                let other = OpenError::OtherKey { path, written_under, in_use };
                problems.push(other.to_string());
            }
            Some(in_use)
        }
        Err(error) => {
            problems.push(error.to_string());
            None
        }
    }
}

async fn server(directory: &DataDir, problems: &mut Vec<String>) -> Server {
    match directory.lock() {
        Ok(_) => Server::Stopped,
        Err(DataDirError::InUse { .. }) if admin::is_answering(directory).await => Server::Running,
        Err(DataDirError::InUse { .. }) => Server::NotAnswering,
        Err(error) => {
            problems.push(error.to_string());
            Server::Stopped
        }
    }
}
