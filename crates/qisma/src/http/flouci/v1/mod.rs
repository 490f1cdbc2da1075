//! `/api`: what about a third of the clients still call (Flouci API, section 6). The payments are the
//! same; the keys are sent elsewhere, and verify says `success` only of what is paid.

pub mod generate_payment;
pub mod verify_payment;
