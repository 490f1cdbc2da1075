//! What a server says of itself, for whoever wonders whether a gateway can work on it.

use qisma_domain::time::Timestamp;
use serde::Serialize;

use super::connection::Connection;
use super::migrations::refused;
use super::moves::find_move;
use super::target::Target;
use super::trouble::Trouble;
use crate::error::OpenError;

const SERVER_TIME: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
/// Connections that only some roles may open. Version 15 does not know the second of them.
const RESERVED: &str = "SELECT current_setting('superuser_reserved_connections')::bigint
    + coalesce(current_setting('reserved_connections', true)::bigint, 0)";
/// Connections of any database: each counts against the same limit.
const CONNECTIONS: &str = "SELECT coalesce(sum(numbackends), 0)::bigint FROM pg_stat_database";
/// Whether a standby is waited for. Without the right to look closer, the state is not shown.
const STANDBYS: &str = "SELECT count(*) FROM pg_stat_replication
    WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')";

const CITUS: &str = "SELECT count(*) FROM pg_extension WHERE extname = 'citus'";

/// What a server says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct ServerHealth {
    /// `15.4`.
    pub server_version: String,
    /// 150004 for 15.4.
    #[serde(skip)]
    pub server_version_number: i64,
    /// `on`, or `remote_apply`.
    pub synchronous_commit: String,
    /// Which standbys a commit waits for; empty: none.
    pub synchronous_standby_names: String,
    /// Standbys that are connected and waited for.
    pub synchronous_standbys: i64,
    /// Connections that others than superusers may open.
    pub connections_max: i64,
    /// Connections that are open, without the one that asked.
    pub connections_open: i64,
    /// How far its clock is ahead of ours, in milliseconds; negative: behind.
    pub clock_ahead_millis: i64,
    /// Whether data is being moved into the database.
    pub is_being_moved_to: bool,
    /// Whether the database has the Citus extension.
    pub has_citus: bool,
}

/// Asks a server. Whoever it refuses is told by the error.
pub fn examine(target: &Target, now: impl Fn() -> Timestamp) -> Result<ServerHealth, OpenError> {
    let connection = Connection::open(target)?;
    read(&connection, now).map_err(|trouble| refused(target, &trouble))
}

fn read(connection: &Connection, now: impl Fn() -> Timestamp) -> Result<ServerHealth, Trouble> {
    let text = |sql| Ok::<_, Trouble>(connection.simple(sql)?.unwrap_or_default());
    let number = |sql| text(sql).map(|text| text.parse::<i64>().unwrap_or(0));
    let before = now().micros();
    let server = number(SERVER_TIME)?;
    let after = now().micros();
    let ours = before + (after - before) / 2;
    let reserved = number(RESERVED)?;
    Ok(ServerHealth {
        server_version: text("SHOW server_version")?,
        server_version_number: number("SHOW server_version_num")?,
        synchronous_commit: text("SHOW synchronous_commit")?,
        synchronous_standby_names: text("SHOW synchronous_standby_names")?,
        synchronous_standbys: number(STANDBYS)?,
        connections_max: number("SHOW max_connections")? - reserved,
        connections_open: (number(CONNECTIONS)? - 1).max(0),
        clock_ahead_millis: (server - ours) / 1_000,
        has_citus: number(CITUS)? != 0,
        is_being_moved_to: find_move(connection)?.is_some_and(|found| !found.is_finished),
    })
}
