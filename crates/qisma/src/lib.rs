//! To be written.

pub mod outbound;
