//! The Flouci merchant API, as its clients speak it: one folder a version, one file an endpoint.

pub mod history;
pub mod v1;
pub mod v2;
