//! The gateway's integration tests, in one binary: each further one would link everything again.

mod checkout;
mod tidy;
