//! The gateway's integration tests, in one binary: each further one would link everything again.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod api;
mod checkout;
mod given;
mod test_app;
mod tidy;
