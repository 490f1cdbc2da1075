//! The gateway's integration tests, in one binary: each further one would link everything again.

#![expect(
    clippy::unwrap_used,
    reason = "what tests are given here must be there; a panic says where"
)]

mod api;
mod checkout;
mod commands;
mod given;
mod test_app;
mod tidy;
