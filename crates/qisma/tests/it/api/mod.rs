//! The API, at paths that mirror its URLs.

mod v2;
