//! The payer's pages, and the API's documentation: pure functions from a view and a language to HTML.
//!
//! Nothing here reads a clock, a store or a request; handlers fill the views. The pages work
//! without JavaScript, load nothing from elsewhere but the merchant's image, and carry no inline
//! style or script, so that the policy of [`content_security_policy`] can forbid both.

mod assets;
mod checkout;
mod issuer;
mod locale;
mod message;
mod notice;
mod outcome;
mod payee;
mod problem;
mod quantities;
mod reference;
mod shell;
mod words;

#[cfg(test)]
mod tests;

pub use assets::{Asset, assets};
pub use checkout::{CardOpen, Choose, WalletCode, card_open, choose, wallet_code};
pub use issuer::{at_issuer, issuer_policy};
pub use locale::Locale;
pub use message::code_message;
pub use notice::{DeclineReason, Notice};
pub use outcome::{authorized, canceled, expired, failed, leaving_to_bank, paid, waiting};
pub use payee::{Payee, content_security_policy};
pub use problem::{Problem, not_found, problem};
pub use quantities::amount;
pub use reference::{
    Answer, ErrorRow, Member, Operation, Parameter, REFERENCE_POLICY, Reference, Schema, reference,
};
pub use shell::{Frame, page_path};
