//! The API, at paths that mirror its URLs.

mod access;
mod bodies;
mod business;
mod everywhere;
mod history;
mod limits;
mod openapi;
mod reference;
mod tls;
mod transactions;
mod v1;
mod v2;
