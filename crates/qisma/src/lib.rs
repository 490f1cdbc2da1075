//! To be written.

pub mod messages;
pub mod outbound;
