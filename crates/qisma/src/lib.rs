//! The gateway: everything that touches the world.
//!
//! A change of state takes one road: route, handler, command, lane, domain, store; then the workers
//! tell the world.

pub mod acquirers;
pub mod admin;
pub mod clock;
pub mod codes;
pub mod commands;
pub mod config;
pub mod data_dir;
pub mod gateway;
pub mod http;
pub mod keyring;
pub mod messages;
pub mod operations;
pub mod outbound;
pub mod pages;
pub mod payer;
pub mod random;
pub mod shutdown;
pub mod telemetry;
pub mod verify;
pub mod workers;
