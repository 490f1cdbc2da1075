//! The gateway's integration tests, in one binary: each further one would link everything again.

mod documents;
mod tidy;
mod webhooks;
