//! The only place that knows HTTP: who may call what, what a request must look like, and how an
//! answer is written. Decisions are made elsewhere.

pub mod api_key;
pub mod body;
pub mod callbacks;
pub mod caller;
pub mod checkout;
pub mod client;
mod drain;
pub mod error;
pub mod flouci;
pub mod health;
pub mod idempotency;
mod known_keys;
pub mod metrics;
pub mod middleware;
pub mod openapi;
mod query;
pub mod rate_limit;
mod reference;
pub mod router;
pub mod server;
#[cfg(feature = "yardstick")]
mod yardstick;

pub use known_keys::KnownKeys;
pub use router::HttpState;
pub use server::serve;
