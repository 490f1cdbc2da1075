//! The API, at paths that mirror its URLs.

mod access;
mod bodies;
mod everywhere;
mod openapi;
mod v2;
