//! Webhooks, as receivers on this machine see them: the gateway's worker sends them over HTTP, on a
//! clock that the test moves.

mod isolation;
mod methods;
pub mod receiver;
mod schedule;
mod signatures;
mod verify_payment;
