//! The API, at paths that mirror its URLs.

mod access;
mod bodies;
mod everywhere;
mod history;
mod limits;
mod openapi;
mod reference;
mod tls;
mod v1;
mod v2;
