//! The Flouci merchant API, as its clients speak it: one folder a version, one file an endpoint.

pub mod business;
pub mod history;
mod history_row;
pub mod transactions;
pub mod v1;
pub mod v2;
