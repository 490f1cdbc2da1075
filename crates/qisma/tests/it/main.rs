//! The gateway's integration tests, in one binary: each further one would link everything again.

mod api;
mod bank;
mod checkout;
mod commands;
mod documents;
mod given;
mod shop;
mod test_app;
mod tidy;
mod verify;
mod webhooks;
