//! The gateway's integration tests, in one binary: each further one would link everything again.

mod bank;
mod documents;
mod shop;
mod tidy;
mod verify;
mod webhooks;
