//! `/api/v2`.

mod generate_payment;
mod generate_payment_idempotency;
mod generate_payment_refusals;
pub mod paying;
mod refund_payment;
mod verify_payment;
