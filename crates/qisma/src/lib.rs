//! The gateway: everything that touches the world.

pub mod acquirers;
pub mod clock;
pub mod config;
pub mod data_dir;
pub mod keyring;
pub mod messages;
pub mod outbound;
pub mod random;
pub mod shutdown;
pub mod telemetry;
