//! The engine for more than one machine: a PostgreSQL server through tokio-postgres. Several lanes,
//! each with a connection of its own; one statement a table, one transaction a batch.

mod citus;
mod connection;
mod examine;
mod fence;
mod keeper;
mod load;
mod migrations;
mod moves;
mod param;
mod people;
mod plan;
mod plan_books;
mod plan_outbox;
mod plan_refunds;
pub mod sets;
mod share;
pub mod statements;
mod step;
mod target;
mod trouble;
mod writer;

pub use connection::Connection;
pub use examine::{ServerHealth, examine};
pub use keeper::Keeper;
pub use migrations::{
    KNOWN, claim, key_id, migrate, prune_batches, schema_digest, schema_version, unfolded,
};
pub(crate) use moves::{MoveTarget, is_moving};
pub(crate) use statements as sql;
pub use target::{PostgresOptions, Target};
pub use trouble::Trouble;
pub use writer::Writer;
