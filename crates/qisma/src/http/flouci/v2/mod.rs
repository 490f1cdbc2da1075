//! `/api/v2`: what platforms call today.

pub mod cancel_payment;
pub mod confirm_payment;
pub mod fields;
pub mod generate_payment;
pub mod refund_payment;
pub mod schema;
pub mod verified;
pub mod verify_payment;
