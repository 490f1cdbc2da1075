//! The only place that knows HTTP.

pub mod callbacks;
pub mod checkout;
