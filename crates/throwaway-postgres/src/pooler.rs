//! A pgbouncer in front of a cluster.

use crate::binaries::find_program;
use crate::cluster::{Cluster, retry_taken_ports};
use crate::supervisor::{self, Hold};
use crate::{database, ports};
use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// A pgbouncer in transaction mode: a connection of the server is lent for one transaction, so that
/// nothing a session keeps, such as a prepared statement, outlives one. Gone when this is dropped or
/// its process is killed.
pub struct Pooler {
    directory: PathBuf,
    port: u16,
    password: String,
    _hold: Hold,
}

impl Pooler {
    /// Starts one for all databases of a cluster, and waits until it listens.
    ///
    /// Fails where pgbouncer is not installed.
    pub fn start(cluster: &Cluster) -> anyhow::Result<Self> {
        let program = find_program("pgbouncer")?;
        let programs = program.parent().context("pgbouncer lies in no directory")?;
        let place = cluster.place();
        retry_taken_ports(|| {
            let port = ports::free()?;
            let password = cluster.password().to_owned();
            let (directory, hold) = supervisor::start_alone(place, "pgbouncer", |directory| {
                let users = format!("\"postgres\" \"{password}\"\n");
                place.write(&directory.join("users.txt"), &users)?;
                let settings = settings(port, cluster.port());
                place.write(&directory.join("pgbouncer.ini"), &settings)?;
                Ok(programs.to_owned())
            })?;
            Ok(Self { directory, port, password, _hold: hold })
        })
    }

    /// Where a database of the cluster is, by way of the pooler; with the password.
    pub fn url(&self, database: &str) -> String {
        database::url(self.port, &self.password, database)
    }

    /// Where it listens: a port of 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its files.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What it said, for the message of a failed test.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }
}

/// Few connections of the server for many of clients, so that they really change hands.
fn settings(port: u16, cluster_port: u16) -> String {
    format!(
        "[databases]
* = host=127.0.0.1 port={cluster_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = users.txt
pool_mode = transaction
default_pool_size = 8
max_client_conn = 300
ignore_startup_parameters = extra_float_digits,options
"
    )
}
