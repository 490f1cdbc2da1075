//! The gateway's integration tests, in one binary: each further one would link everything again.
#![expect(
    clippy::unwrap_used,
    reason = "what tests are given here must be there; a panic says where"
)]

mod api;
mod bank;
mod browser;
mod checkout;
mod commands;
mod documents;
mod given;
mod nodes;
mod shop;
mod test_app;
mod tidy;
mod verify;
mod webhooks;
