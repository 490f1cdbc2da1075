//! The rows by which gateways share the work, and the statements on them.

use std::collections::BTreeSet;

use qisma_domain::time::Timestamp;

use crate::leases::Tenure;
use crate::postgres::connection::{Committed, Connection};
use crate::postgres::param::{Id, Param};
use crate::postgres::sets;
use crate::postgres::share::{EXPIRES_MAX_US, Lease, Node};
use crate::postgres::trouble::Trouble;
use crate::row::Row;

/// The server's clock, in microseconds. Only compared with: no statement of ours decides by it.
const ASK_TIME: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// A lease as it is to stand; one that ends at 0 is given up.
pub(super) struct Wish {
    pub(super) shard: u8,
    epoch: i64,
    until_us: i64,
}

impl Wish {
    pub(super) const fn of(tenure: &Tenure, until_us: i64) -> Self {
        Self { shard: tenure.shard, epoch: tenure.epoch, until_us }
    }
}

/// The rows, as one gateway reads and writes them.
pub(super) struct Table<'c> {
    connection: &'c Connection,
    node: Node,
}

impl<'c> Table<'c> {
    pub(super) const fn new(connection: &'c Connection, node: Node) -> Self {
        Self { connection, node }
    }

    pub(super) fn time(&self) -> Result<i64, Trouble> {
        let said = self.connection.simple(ASK_TIME)?.unwrap_or_default();
        said.parse().map_err(|_| Trouble::Statement("the server does not tell its time".into()))
    }

    pub(super) fn put_node(&self, now: Timestamp) -> Result<(), Trouble> {
        let seen = [Param::Id(Id(self.node)), Param::Number(now.micros())];
        self.write(sets::PUT_NODE, &seen).map(drop)
    }

    /// Takes this gateway from the list, and those that were not heard of for long.
    pub(super) fn forget_node(&self, seen_before: Timestamp) -> Result<(), Trouble> {
        let end = [Param::Id(Id(self.node)), Param::Number(seen_before.micros())];
        self.write(sets::END_NODE, &end).map(drop)
    }

    /// The gateways that were heard of after this moment, in the order of their ids.
    pub(super) fn alive(&self, after: Timestamp) -> Result<Vec<Node>, Trouble> {
        let rows = self.connection.query(sets::LIST_NODES, &[Param::Number(after.micros())])?;
        Ok(rows.iter().map(|row| node_of(row, 0)).collect())
    }

    pub(super) fn leases(&self) -> Result<Vec<Lease>, Trouble> {
        let rows = self.connection.query(sets::LIST_LEASES, &[])?;
        let lease =
            |row| Lease { shard: shard_of(row, 0), owner: node_of(row, 1), expires_us: row.get(2) };
        Ok(rows.iter().map(lease).collect())
    }

    /// Writes them where they are still this gateway's, and gives the shards of those.
    pub(super) fn renew(&self, wishes: &[Wish]) -> Result<BTreeSet<u8>, Trouble> {
        let rows = self.write(sets::RENEW_LEASE, &self.params(wishes))?;
        Ok(rows.iter().map(|row| shard_of(row, 0)).collect())
    }

    /// Takes what is free of these, and gives the shards and their new epochs.
    pub(super) fn claim(
        &self,
        shards: &[u8],
        until_us: i64,
        now: Timestamp,
    ) -> Result<Vec<(u8, i64)>, Trouble> {
        let wishes: Vec<Wish> =
            shards.iter().map(|shard| Wish { shard: *shard, epoch: 1, until_us }).collect();
        let mut params = self.params(&wishes);
        params.push(Param::Number(now.micros()));
        params.push(Param::Number(now.micros().saturating_add(EXPIRES_MAX_US)));
        let rows = self.write(sets::CLAIM_LEASE, &params)?;
        Ok(rows.iter().map(|row| (shard_of(row, 0), row.get(1))).collect())
    }

    fn params(&self, wishes: &[Wish]) -> Vec<Param<'static>> {
        vec![
            Param::Shards(wishes.iter().map(|wish| wish.shard.into()).collect()),
            Param::Ids(wishes.iter().map(|_| Id(self.node)).collect()),
            Param::Numbers(wishes.iter().map(|wish| wish.epoch).collect()),
            Param::Numbers(wishes.iter().map(|wish| wish.until_us).collect()),
        ]
    }

    /// One statement in a transaction of its own, READ COMMITTED whatever the server's default is: the
    /// guards stand in the statement, and each row that a worker's transaction holds for a moment
    /// would else make it fail.
    fn write(
        &self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Result<Vec<tokio_postgres::Row>, Trouble> {
        self.connection.begin_read_committed()?;
        match self.connection.query(sql, params) {
            Ok(rows) => match self.connection.commit() {
                Committed::Yes => Ok(rows),
                Committed::No(trouble) => Err(trouble),
                // Every write may come again; and what was claimed unheard is claimed anew.
                Committed::Unknown(why) => Err(Trouble::Gone(why)),
            },
            Err(trouble) => {
                self.connection.roll_back()?;
                Err(trouble)
            }
        }
    }
}

fn shard_of(row: &tokio_postgres::Row, column: usize) -> u8 {
    u8::try_from(row.get::<_, i16>(column)).expect("only our own statements write shards")
}

fn node_of(row: &tokio_postgres::Row, column: usize) -> Node {
    Row::Postgres(row).get(column).expect("a node's id is a uuid")
}
