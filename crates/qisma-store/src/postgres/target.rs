//! Where the servers are and how to speak with them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::{CONNECT_TIMEOUT, SESSION_OPTIONS};
use crate::error::OpenError;

/// How to reach a PostgreSQL server.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host1,host2/database`. Holds a password: it is never shown.
    pub url: String,
    /// The certificate authority that signed the servers' certificates, as PEM. Without it, TLS is
    /// not used.
    pub tls_ca_file: Option<PathBuf>,
    /// Whether a pooler in transaction mode stands before the servers.
    pub is_pooled: bool,
    /// How many lanes commit side by side.
    pub lanes: usize,
}

/// The parsed options.
#[derive(Clone)]
pub struct Target {
    servers: Vec<Server>,
    dbname: String,
    tls: Option<MakeRustlsConnect>,
    is_pooled: bool,
}

/// One of the servers.
#[derive(Clone)]
pub(super) struct Server {
    /// Its host and port, as they may be shown.
    pub(super) name: String,
    /// How to reach this one alone.
    pub(super) config: Config,
}

/// After this long without an answer to what was sent, the system closes the socket.
const UNANSWERED_MAX: Duration = Duration::from_secs(10);

impl Target {
    /// Reads the options. What is wrong with them is said without repeating the URL.
    pub fn new(options: &PostgresOptions) -> Result<Self, OpenError> {
        let refused = |why: &str| OpenError::Url(why.to_owned());
        let mut config: Config = options
            .url
            .parse()
            .map_err(|_| refused("it is not a PostgreSQL URL (postgres://user@host/database)"))?;
        if config.get_hosts().is_empty() || config.get_dbname().is_none() {
            return Err(refused("it names no host or no database (postgres://user@host/database)"));
        }
        let tls = options.tls_ca_file.as_deref().map(tls).transpose()?;
        match (&tls, config.get_ssl_mode()) {
            (None, SslMode::Require) => {
                return Err(refused(
                    "it requires TLS, but database.tls_ca_file names no certificate authority",
                ));
            }
            (None, _) => config.ssl_mode(SslMode::Disable),
            (Some(_), _) => config.ssl_mode(SslMode::Require),
        };
        config
            .application_name("qisma")
            .connect_timeout(CONNECT_TIMEOUT)
            .keepalives(true)
            .keepalives_idle(UNANSWERED_MAX)
            .tcp_user_timeout(UNANSWERED_MAX);
        if config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if !options.is_pooled {
            let own = config.get_options().unwrap_or_default();
            let all = format!("{own} {SESSION_OPTIONS}");
            config.options(all.trim());
        }
        let dbname = config.get_dbname().unwrap_or_default().to_owned();
        Ok(Self { servers: servers(&config), dbname, tls, is_pooled: options.is_pooled })
    }

    /// The servers, in the order of the URL.
    pub(super) fn servers(&self) -> &[Server] {
        &self.servers
    }

    pub(super) fn tls(&self) -> Option<MakeRustlsConnect> {
        self.tls.clone()
    }

    pub(super) const fn is_pooled(&self) -> bool {
        self.is_pooled
    }

    /// The servers and the database, as they may be shown: without user or password.
    pub fn name(&self) -> String {
        let servers: Vec<&str> = self.servers.iter().map(|server| server.name.as_str()).collect();
        format!("{}/{}", servers.join(","), self.dbname)
    }
}

/// Takes a configuration of several servers apart.
fn servers(all: &Config) -> Vec<Server> {
    let (ports, addresses) = (all.get_ports(), all.get_hostaddrs());
    let hosts = all.get_hosts().iter().enumerate().map(|(index, host)| {
        // One port serves for all hosts.
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        let mut config = without_hosts(all);
        config.port(port);
        let host = match host {
            Host::Tcp(name) => {
                config.host(name);
                name.clone()
            }
            Host::Unix(path) => {
                config.host_path(path);
                path.display().to_string()
            }
        };
        if let Some(address) = addresses.get(index) {
            config.hostaddr(*address);
        }
        Server { name: format!("{host}:{port}"), config }
    });
    hosts.collect()
}

/// A copy of all but the hosts and ports, which the driver cannot take out of its own.
fn without_hosts(all: &Config) -> Config {
    let mut config = Config::new();
    if let Some(user) = all.get_user() {
        config.user(user);
    }
    if let Some(password) = all.get_password() {
        config.password(password);
    }
    if let Some(dbname) = all.get_dbname() {
        config.dbname(dbname);
    }
    if let Some(options) = all.get_options() {
        config.options(options);
    }
    if let Some(name) = all.get_application_name() {
        config.application_name(name);
    }
    if let Some(limit) = all.get_connect_timeout() {
        config.connect_timeout(*limit);
    }
    if let Some(limit) = all.get_tcp_user_timeout() {
        config.tcp_user_timeout(*limit);
    }
    if let Some(interval) = all.get_keepalives_interval() {
        config.keepalives_interval(interval);
    }
    if let Some(retries) = all.get_keepalives_retries() {
        config.keepalives_retries(retries);
    }
    config
        .keepalives(all.get_keepalives())
        .keepalives_idle(all.get_keepalives_idle())
        .ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .channel_binding(all.get_channel_binding())
        .target_session_attrs(all.get_target_session_attrs());
    config
}

fn tls(ca_file: &Path) -> Result<MakeRustlsConnect, OpenError> {
    let refused = |cause: String| OpenError::Certificates { path: ca_file.to_owned(), cause };
    let mut roots = RootCertStore::empty();
    let found =
        CertificateDer::pem_file_iter(ca_file).map_err(|error| refused(error.to_string()))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        roots.add(certificate).map_err(|error| refused(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(refused("it holds no certificate".into()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, OpenError> {
        Target::new(&PostgresOptions {
            url: url.into(),
            tls_ca_file: None,
            is_pooled: false,
            lanes: 1,
        })
    }

    #[test]
    fn what_is_shown_of_a_url_has_no_password() {
        let target = target("postgres://qisma:hunter2@db1:5433,db2:5434/money").unwrap();
        assert_eq!(target.name(), "db1:5433,db2:5434/money");
    }

    #[test]
    fn what_a_url_says_is_said_to_each_of_its_servers() {
        let url = "postgres://qisma:hunter2@db1:5433,db2:5434/money?channel_binding=disable\
                   &keepalives_interval=3&keepalives_retries=2&sslnegotiation=postgres";
        let whole: Config = url.parse().unwrap();
        let mut again = without_hosts(&whole);
        again.host("db1").host("db2").port(5433).port(5434);
        assert_eq!(again, whole, "nothing of it is left out");
        let target = target(url).unwrap();
        for (server, (host, port)) in target.servers().iter().zip([("db1", 5433), ("db2", 5434)]) {
            assert_eq!(server.config.get_hosts(), [Host::Tcp(host.to_owned())]);
            assert_eq!(server.config.get_ports(), [port]);
        }
    }

    #[test]
    fn a_url_without_a_database_is_refused() {
        assert!(matches!(target("postgres://db1"), Err(OpenError::Url(_))));
    }

    #[test]
    fn tls_without_an_authority_is_refused() {
        assert!(matches!(target("postgres://db1/money?sslmode=require"), Err(OpenError::Url(_))));
    }
}
