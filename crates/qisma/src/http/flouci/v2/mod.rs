//! `/api/v2`: what platforms call today.

pub mod bindings;
pub mod cancel_payment;
pub mod confirm_payment;
pub mod fields;
pub mod generate_payment;
pub mod generated;
pub mod refund_payment;
pub mod saved_card;
pub mod schema;
pub mod verified;
pub mod verify_payment;
