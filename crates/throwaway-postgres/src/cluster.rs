//! A PostgreSQL cluster and its life.

use crate::account::Account;
use crate::binaries::{Binaries, Version};
use crate::place::Place;
use crate::supervisor::{self, Hold, Start};
use crate::{database, ports};
use anyhow::{Context as _, ensure};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Longer than a suite's longest pause between two tests that use a database.
const LINGER_SECS: u32 = 20;
/// How often another port is tried when somebody was faster.
const STARTS_MAX: usize = 5;
/// A server whose processes were killed refuses to start until the last of them is gone.
const RESUMES_MAX: usize = 50;
/// Of the loopback: whoever does not answer by then is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What every cluster is set to, unless the options say otherwise.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", "127.0.0.1"),
    // The path of a socket must be short, and that of a checkout need not be.
    ("unix_socket_directories", ""),
    ("max_connections", "300"),
    ("shared_buffers", "32MB"),
];

/// What cluster to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which PostgreSQL.
    pub version: Version,
    /// Settings by name, written to postgresql.conf after our own; a later one wins.
    pub settings: Vec<(String, String)>,
    /// Whether commits wait for the disk, as they do unless asked otherwise.
    pub fsync: bool,
    /// How long a shared cluster waits for its next user; at least 1.
    pub linger_secs: u32,
    /// Where to keep it; by default under `target`, or where the server's account cannot get there,
    /// among the machine's temporary files.
    pub parent: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: Version::Any,
            settings: Vec::new(),
            fsync: true,
            linger_secs: LINGER_SECS,
            parent: None,
        }
    }
}

impl Options {
    /// The same with one more setting of postgresql.conf.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    fn text(&self, port: u16) -> String {
        let ours = SETTINGS.iter().map(|(name, value)| (*name, *value));
        let theirs = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fsync = if self.fsync { "on" } else { "off" };
        let mut text = format!("\nport = {port}\nfsync = {fsync}\n");
        for (name, value) in ours.chain(theirs) {
            let value = value.replace('\'', "''");
            writeln!(text, "{name} = '{value}'").expect("a string takes all we write");
        }
        text
    }
}

/// How to stop a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Ends its connections and writes everything out.
    Fast,
    /// Writes nothing more, as when its machine fails.
    Immediate,
    /// The same without a chance to say goodbye: `kill -9` of the server itself.
    Killed,
}

/// A running cluster. When the last that uses it is dropped or killed, it and its files go.
///
/// The superuser is `postgres`, with a password made for this cluster, for the machine may have other
/// users.
pub struct Cluster {
    binaries: Binaries,
    place: Place,
    directory: PathBuf,
    port: u16,
    password: String,
    _hold: Hold,
}

impl Cluster {
    /// Starts a cluster for us alone, and waits until it answers.
    ///
    /// Fails where the machine has no such PostgreSQL, and with what the server said where it does not
    /// start, for example for an unknown setting.
    pub fn start(options: &Options) -> anyhow::Result<Self> {
        let binaries = Binaries::find(&options.version)?;
        let place = Place::open(options.parent.as_deref(), Account::find()?)?;
        retry_taken_ports(|| {
            let (port, password) = (ports::free()?, random_hex()?);
            let (directory, hold) = supervisor::start_alone(&place, "postgres", |directory| {
                prepare(&place, directory, options, port, &password)?;
                binaries.within_reach(place.account(), directory)
            })?;
            let (binaries, place) = (binaries.clone(), place.clone());
            Ok(Self { binaries, place, directory, port, password, _hold: hold })
        })
    }

    /// Joins the cluster that all processes of this machine share that ask for the same options and
    /// the same checkout, and starts it where there is none. It ends [`Options::linger_secs`] after the
    /// last of them.
    ///
    /// Whoever shares it makes a [database](Self::database) of its own and never stops it.
    ///
    /// Fails as [`start`](Self::start) does.
    pub fn shared(options: &Options) -> anyhow::Result<Self> {
        let binaries = Binaries::find(&options.version)?;
        let place = Place::open(options.parent.as_deref(), Account::find()?)?;
        let name = shared_name(&binaries, options);
        let starts = place.lock_starts()?;
        let (path, state) =
            (place.path(&format!("{name}.lock")), place.path(&format!("{name}.state")));
        let lock = place.lock_use(&path)?;
        let found = read_state(&state).filter(|(_, port, _)| answers(*port));
        let begin = || {
            let (port, password) = (ports::free()?, random_hex()?);
            let directory = place.make_directory(&name)?;
            prepare(&place, &directory, options, port, &password)?;
            let programs = binaries.within_reach(place.account(), &directory)?;
            let linger_secs = options.linger_secs;
            Start {
                kind: "postgres",
                programs: &programs,
                directory: &directory,
                lock: &path,
                state: &state,
                linger_secs,
            }
            .run(&place)?;
            let text = format!("{}\n{port}\n{password}\n", directory.display());
            place.write(&directory.join("state"), &text)?;
            // All of it or nothing: the next one may not read half.
            std::fs::rename(directory.join("state"), &state)?;
            Ok((directory, port, password))
        };
        let joined = found.map_or_else(|| retry_taken_ports(begin), Ok);
        let (directory, port, password) = match joined {
            Ok(joined) => joined,
            Err(error) => {
                Place::give_up(lock, &path);
                return Err(error);
            }
        };
        drop(starts);
        let hold = Hold::shared(lock);
        Ok(Self { binaries, place, directory, port, password, _hold: hold })
    }

    /// Where one of its databases is, as clients want to know it; with the password.
    pub fn url(&self, database: &str) -> String {
        database::url(self.port, &self.password, database)
    }

    /// Where it listens: a port of 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The password of its superuser `postgres`.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The programs it was made with.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// Its files; `data` and `log` among them.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the server said, for the message of a failed test.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// Stops the server, as a failing machine would; only where the cluster is ours alone.
    pub fn stop(&self, how: Stop) -> anyhow::Result<()> {
        let mode = match how {
            Stop::Fast => "--mode=fast",
            Stop::Immediate => "--mode=immediate",
            Stop::Killed => return self.kill(),
        };
        let status = self.pg_ctl("stop")?.arg(mode).status()?;
        ensure!(status.success(), "the server cannot be stopped:\n{}", self.log());
        Ok(())
    }

    /// Starts a stopped server again, on the same port and with its data, and waits until it answers.
    pub fn resume(&self) -> anyhow::Result<()> {
        for _ in 0..RESUMES_MAX {
            let mut command = self.pg_ctl("start")?;
            command.arg("--log").arg(self.directory.join("log"));
            if command.status()?.success() {
                return Ok(());
            }
        }
        anyhow::bail!("the server cannot be started again:\n{}", self.log());
    }

    /// The number of the server's first process.
    pub fn server_id(&self) -> anyhow::Result<u32> {
        let text = std::fs::read_to_string(self.directory.join("data/postmaster.pid"))
            .context("the server does not run")?;
        text.lines().next().unwrap_or_default().parse().context("postmaster.pid names no process")
    }

    fn kill(&self) -> anyhow::Result<()> {
        let server = self.server_id()?.to_string();
        let status = Command::new("kill").args(["-9", &server]).status();
        ensure!(
            status.context("`kill` cannot be started")?.success(),
            "there is no process {server}"
        );
        Ok(())
    }

    fn pg_ctl(&self, verb: &str) -> anyhow::Result<Command> {
        let account = self.place.account();
        // A copy is there since the start, if one was needed.
        let programs = self.binaries.within_reach(account, &self.directory)?;
        let mut command = account.command(programs.join("pg_ctl"));
        command.arg(verb).args(["--silent", "--wait", "--pgdata"]).arg(self.directory.join("data"));
        command.current_dir(&self.directory).stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());
        Ok(command)
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

/// Writes what the supervisor's `initdb` reads.
fn prepare(
    place: &Place,
    directory: &Path,
    options: &Options,
    port: u16,
    password: &str,
) -> anyhow::Result<()> {
    place.write(&directory.join("settings.conf"), &options.text(port))?;
    place.write(&directory.join("password"), password)
}

/// Does it again with another port when somebody else took it between our look and the start.
pub fn retry_taken_ports<T>(mut start: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    for _ in 1..STARTS_MAX {
        match start() {
            Err(error) if error.to_string().contains("Address already in use") => {}
            outcome => return outcome,
        }
    }
    start()
}

/// A name that differs where the clusters would.
fn shared_name(binaries: &Binaries, options: &Options) -> String {
    let mut hasher = DefaultHasher::new();
    (binaries.directory(), options.text(0), options.linger_secs).hash(&mut hasher);
    format!("shared-{}-{:016x}", binaries.major(), hasher.finish())
}

/// Directory, port and password of a shared cluster, if one was started.
fn read_state(path: &Path) -> Option<(PathBuf, u16, String)> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    let directory = PathBuf::from(lines.next()?);
    Some((directory, lines.next()?.parse().ok()?, lines.next()?.to_owned()))
}

/// Whether somebody listens there. After the machine was switched off, nobody does.
fn answers(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).is_ok()
}

/// 32 hexadecimal digits that nobody guesses.
pub fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    let mut source = std::fs::File::open("/dev/urandom").context("/dev/urandom")?;
    source.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all we write");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_with_a_quote_in_it_is_one_setting() {
        let text = Options::default().with("search_path", "it's, public").text(1);
        assert!(text.contains("search_path = 'it''s, public'\n"), "{text}");
    }

    #[test]
    fn commits_wait_for_the_disk_unless_asked_otherwise() {
        assert!(Options::default().text(1).contains("fsync = on"));
    }
}
