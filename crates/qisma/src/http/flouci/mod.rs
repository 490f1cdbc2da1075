//! The Flouci merchant API, as its clients speak it: one folder a version, one file an endpoint.

pub mod business;
pub mod transactions;
pub mod v2;
