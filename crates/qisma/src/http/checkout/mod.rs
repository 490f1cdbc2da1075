//! For payers: the pages of a payment, at `/pay/{id}` and under it.
//!
//! Whoever holds the link may see and pay; nobody signs in, and no cookie is set. A form is answered
//! by a 303 to a page of ours, or by itself with what has to be mended. Nothing in a query changes
//! anything: what the bank sends along is a hint to read the bank (Flouci API, section 8).
//!
//! **Invariant:** nobody is led to the success link before the payment is captured.

mod card;
mod leave;
mod load;
mod request;
mod respond;
mod show;
mod view;
mod wallet;

pub use card::{at_bank, pay_by_card, returned};
pub use leave::{cancel, change_way, leave};
pub use request::Tongue;
pub use respond::{problem_of, too_many_requests};
pub use show::{asset, show, status};
pub use wallet::{confirm_code, pay_by_wallet, resend};
