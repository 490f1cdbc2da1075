//! The gateway's integration tests, in one binary: each further one would link everything again.

mod api;
mod given;
mod test_app;
mod tidy;
