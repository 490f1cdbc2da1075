//! To be written.

pub mod acquirers;
pub mod messages;
pub mod outbound;
