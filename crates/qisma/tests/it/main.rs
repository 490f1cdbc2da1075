//! The gateway's integration tests, in one binary: each further one would link everything again.

mod api;
mod checkout;
mod given;
mod test_app;
mod tidy;
