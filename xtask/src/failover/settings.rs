//! What the servers are told: the settings that docs/operating.md asks an operator for.

use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::path::Path;

/// Where Patroni is asked how things are.
pub const REST_PORT: u16 = 8008;
/// Where PostgreSQL is.
pub const SERVER_PORT: u16 = 5432;
/// Where etcd is.
pub const ETCD_PORT: u16 = 2379;
/// The name of the cluster.
pub const CLUSTER: &str = "qisma";

/// Whether a commit waits for a standby.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Always: without one, nobody can commit.
    Strict,
    /// Never. What was acknowledged may be lost; the control shows that we would see it.
    Asynchronous,
}

impl Mode {
    fn of_patroni(self) -> Value {
        let shared = json!({
            "ttl": 20,
            "loop_wait": 2,
            "retry_timeout": 3,
            "postgresql": {
                "use_pg_rewind": true,
                "use_slots": true,
                "parameters": {
                    "max_connections": 100,
                    "shared_buffers": "64MB",
                    "synchronous_commit": "on",
                    "wal_keep_size": "512MB",
                    // A standby whose primary is gone looks for the new one so often; 5 s unless told.
                    "wal_retrieve_retry_interval": "500ms",
                },
            },
        });
        let own = match self {
            Self::Strict => json!({"synchronous_mode": true, "synchronous_mode_strict": true}),
            // A standby that lags by more than this would not take over, and nobody could write.
            Self::Asynchronous => json!({"maximum_lag_on_failover": 1_i64 << 30}),
        };
        let mut all = shared;
        let (Value::Object(all_fields), Value::Object(own)) = (&mut all, own) else {
            unreachable!("both are objects as written above");
        };
        all_fields.extend(own);
        all
    }
}

/// What one Patroni is told. JSON is YAML.
pub fn patroni(
    name: &str,
    at: Ipv4Addr,
    etcd: Ipv4Addr,
    directory: &Path,
    programs: &Path,
    mode: Mode,
) -> Value {
    let rest = format!("{at}:{REST_PORT}");
    let server = format!("{at}:{SERVER_PORT}");
    json!({
        "scope": CLUSTER,
        "name": name,
        "restapi": {"listen": rest, "connect_address": rest},
        // Not `etcd3`: by that interface Patroni 3.0.2 takes the leader's key whoever holds it, so that
        // a primary that was frozen takes it back and what its successor committed is rewound.
        "etcd": {"host": format!("{etcd}:{ETCD_PORT}")},
        "bootstrap": {
            "dcs": mode.of_patroni(),
            "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"],
        },
        "postgresql": {
            "listen": server,
            "connect_address": server,
            "data_dir": directory.join("data"),
            "bin_dir": programs,
            "pgpass": directory.join("pgpass"),
            // Nobody else is in this world.
            "pg_hba": ["host all all all trust", "host replication all all trust"],
            "authentication": {
                "superuser": {"username": "postgres", "password": "postgres"},
                "replication": {"username": "replicator", "password": "replicator"},
            },
            "parameters": {
                "unix_socket_directories": "",
                // Files of the directory, so that they go with it.
                "dynamic_shared_memory_type": "mmap",
            },
        },
        "watchdog": {"mode": "off"},
    })
}
