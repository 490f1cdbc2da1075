//! The gateway's integration tests, in one binary: each further one would link everything again.

mod commands;
mod tidy;
