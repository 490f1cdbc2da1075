//! The API, at paths that mirror its URLs.

mod access;
mod bodies;
mod business;
mod everywhere;
mod limits;
mod openapi;
mod tls;
mod transactions;
mod v2;
