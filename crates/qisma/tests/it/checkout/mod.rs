//! The checkout over HTTP: a gateway and a sandbox bank on one clock, and a payer who has no scripts.

pub mod browser;
mod callbacks;
mod card;
mod deferred;
mod expiry;
mod faults;
mod held;
mod held_bank;
mod inquiry;
mod late;
mod races;
mod refunds;
mod safety;
mod scan;
mod wallet;
mod world;
