//! Where the servers are and how to speak with them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::citus::CITUS_OPTIONS;
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
    /// Whether the server is the coordinator of a Citus cluster: tables are distributed by their shard
    /// when they are made, and a batch holds one shard (ADR 0017).
    pub is_citus: bool,
    /// How many lanes commit side by side.
    pub lanes: usize,
}

/// The parsed options.
#[derive(Clone)]
pub struct Target {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
    is_pooled: bool,
    is_citus: bool,
}

/// After this long without an answer to what was sent, the system closes the socket.
const UNANSWERED_MAX: Duration = Duration::from_secs(10);
const PORT_DEFAULT: u16 = 5432;

impl Target {
    /// Reads the options. What is wrong with them is said without repeating the URL.
    pub fn new(options: &PostgresOptions) -> Result<Self, OpenError> {
        let refused = |why: &str| OpenError::Url(why.to_owned());
        let mut config: tokio_postgres::Config = options
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
        config.application_name("qisma");
        if config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if !options.is_pooled {
            let own = config.get_options().unwrap_or_default();
            let citus = if options.is_citus { CITUS_OPTIONS } else { "" };
            let all = format!("{own} {SESSION_OPTIONS} {citus}");
            config.options(all.trim());
        }
        let PostgresOptions { is_pooled, is_citus, .. } = *options;
        Ok(Self { config, tls, is_pooled, is_citus })
    }

    /// How to reach each of the servers, one by one.
    pub(super) fn configs(&self) -> Vec<tokio_postgres::Config> {
        let all = &self.config;
        let one = |(index, host): (usize, &Host)| {
            let mut one = tokio_postgres::Config::new();
            match host {
                Host::Tcp(name) => one.host(name),
                Host::Unix(path) => one.host_path(path),
            };
            // One port serves for all hosts.
            let ports = all.get_ports();
            one.port(ports.get(index).or(ports.first()).copied().unwrap_or(PORT_DEFAULT));
            if let Some(address) = all.get_hostaddrs().get(index) {
                one.hostaddr(*address);
            }
            all.get_user().map(|user| one.user(user));
            all.get_password().map(|password| one.password(password));
            all.get_dbname().map(|name| one.dbname(name));
            all.get_options().map(|options| one.options(options));
            all.get_application_name().map(|name| one.application_name(name));
            one.ssl_mode(all.get_ssl_mode())
                .channel_binding(all.get_channel_binding())
                .target_session_attrs(all.get_target_session_attrs())
                .connect_timeout(CONNECT_TIMEOUT)
                .keepalives(true)
                .keepalives_idle(UNANSWERED_MAX)
                .tcp_user_timeout(UNANSWERED_MAX);
            one
        };
        all.get_hosts().iter().enumerate().map(one).collect()
    }

    pub(super) fn tls(&self) -> Option<MakeRustlsConnect> {
        self.tls.clone()
    }

    pub(super) const fn is_pooled(&self) -> bool {
        self.is_pooled
    }

    pub(super) const fn is_citus(&self) -> bool {
        self.is_citus
    }

    /// The servers and the database, as they may be shown: without user or password.
    pub fn name(&self) -> String {
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate().map(|(index, host)| {
            let host = match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(path) => path.display().to_string(),
            };
            // One port serves for all hosts.
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(PORT_DEFAULT);
            format!("{host}:{port}")
        });
        let hosts: Vec<String> = hosts.collect();
        format!("{}/{}", hosts.join(","), self.config.get_dbname().unwrap_or_default())
    }
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
            is_citus: false,
            lanes: 1,
        })
    }

    #[test]
    fn what_is_shown_of_a_url_has_no_password() {
        let target = target("postgres://qisma:hunter2@db1:5433,db2:5434/money").unwrap();
        assert_eq!(target.name(), "db1:5433,db2:5434/money");
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
