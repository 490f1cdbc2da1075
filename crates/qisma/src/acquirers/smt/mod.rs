//! ClicToPay of Monétique Tunisie (SMT): the "payment/rest" API of BPC's gateway.
//!
//! The same code is the sandbox's client and the live rail; only the settings differ.
//!
//! **Invariant:** an answer that does not say clearly what happened is *unknown*, never *failed*.
//! **Invariant:** no card number leaves this folder unmasked.

mod bindings;
mod card;
mod client;
mod facts;
mod notify;
mod order;
#[cfg(test)]
mod tests;
mod wire;

use jiff::Timestamp;
use secrecy::SecretString;

pub use bindings::{Binding, BindingsAnswer, ChargeAnswer, ChargeOrder};
pub use card::CardDetails;
pub use client::{SmtClient, SmtSetupError};
pub use facts::{
    DeclineClass, ExpectedFacts, FactMismatch, OrderFacts, OrderState, fact_mismatches,
};
pub use notify::{Notice, NoticeRefusal, check_notice};

/// The currency of everything we register: the Tunisian dinar, ISO 4217 number.
pub const CURRENCY_DEFAULT: &str = "788";

/// Where the acquirer is and who we are there.
#[derive(Clone, Debug)]
pub struct SmtSettings {
    /// The base of every endpoint, ending in `/payment/rest/`.
    pub url: String,
    /// The merchant's API user.
    pub user_name: String,
    /// That user's password.
    pub password: SecretString,
    /// ISO 4217 number, as text: `788`.
    pub currency: String,
    /// The key shared for callbacks. Without it every callback is refused.
    pub callback_key: Option<SecretString>,
    /// How long one call may take, from connecting to the last byte.
    pub timeout_secs: u64,
}

/// An order to open at the acquirer (`register.do`, `registerPreAuth.do`).
#[derive(Clone, Copy, Debug)]
pub struct RegisterOrder<'a> {
    /// Our reference, unique for ever; 1 to 32 characters of `[A-Za-z0-9_-]`.
    pub order_number: &'a str,
    /// More than zero.
    pub amount_millimes: i64,
    /// Where the payer returns to.
    pub return_url: &'a str,
    /// Where the payer returns to after a refusal.
    pub fail_url: &'a str,
    /// How long the payer may take, in seconds.
    pub session_timeout_secs: u32,
    /// The page's language: `fr`, `en` or `ar`.
    pub language: &'a str,
    /// Shown to the payer; at most 598 characters, the rest is cut.
    pub description: &'a str,
    /// Whose card it is: one that is typed for the order is saved under this name.
    pub client_id: Option<&'a str>,
    /// The terminal that is to take it rather than the payer's browser, and what it is told, as JSON.
    pub json_params: Option<&'a str>,
    /// Where callbacks of this order go, on builds that support it.
    pub dynamic_callback_url: Option<&'a str>,
}

/// What became of `register.do` or `registerPreAuth.do`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterAnswer {
    /// The order exists and the payer can be sent to its page.
    Opened {
        /// The acquirer's id of the order (`mdOrder`).
        order_id: String,
        /// The acquirer's page, an absolute http or https URL.
        page_url: String,
    },
    /// The acquirer said no; no order was opened by this call.
    Refused {
        /// `errorCode`.
        code: i64,
        /// What the code means for us.
        kind: RefusalKind,
    },
    /// The order may or may not exist: read it by its order number before anything else.
    Unknown(UnknownReason),
    /// The request never left, so there is no order.
    NotSent,
}

/// What a refused registration means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The order number was used before; after a time-out that means our first try arrived.
    Duplicate,
    /// The user, the password or a right is missing. The family also answers so to a wrong value.
    Credentials,
    /// A fault of the acquirer: another acquirer may be tried.
    System,
    /// The request itself is wrong: currency, missing or unknown fields.
    Invalid,
}

/// How to name an order when asking for its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusBy<'a> {
    /// By the acquirer's id.
    OrderId(&'a str),
    /// By our reference: the only way after a lost answer to `register.do`.
    OrderNumber(&'a str),
}

/// What became of `getOrderStatusExtended.do`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusAnswer {
    /// The order as the acquirer has it.
    Order(Box<OrderFacts>),
    /// The acquirer does not know the order.
    NotRegistered,
    /// The acquirer refuses to say.
    Refused {
        /// `errorCode`.
        code: i64,
    },
    /// Nothing was learnt: ask again later.
    Unknown(UnknownReason),
}

/// What became of `deposit.do`, `reverse.do` or `refund.do`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeAnswer {
    /// Done.
    Done,
    /// Not done.
    Refused {
        /// `errorCode`.
        code: i64,
    },
    /// Perhaps done: read the order's amounts before repeating anything.
    Unknown(UnknownReason),
}

/// What became of `getLastOrdersForMerchants.do`, which not every build has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastOrdersAnswer {
    /// One page of orders.
    Page {
        /// The orders that could be read.
        orders: Vec<OrderFacts>,
        /// How many more of this page could not.
        unreadable_count: usize,
        /// How many orders there are on all pages.
        total_count: u64,
    },
    /// The acquirer refuses to say.
    Refused {
        /// `errorCode`.
        code: i64,
    },
    /// Nothing was learnt, perhaps because the build has no such endpoint.
    Unknown(UnknownReason),
}

/// Which orders to list: created from `from` until `to`.
#[derive(Clone, Copy, Debug)]
pub struct OrdersWanted {
    /// The earliest creation.
    pub from: Timestamp,
    /// The latest creation.
    pub to: Timestamp,
    /// The page, from 0.
    pub page: u32,
    /// Orders a page, at most 200.
    pub page_size: u32,
}

/// Why nothing certain was learnt. Fit for logs: never a URL, a field or a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownReason {
    /// The connection could not be made, so the acquirer saw nothing.
    #[error("the acquirer could not be reached: check its URL and the network")]
    NotSent,
    /// The deadline passed first.
    #[error("the acquirer did not answer in time")]
    TimedOut,
    /// The connection was cut.
    #[error("the connection to the acquirer was lost")]
    ConnectionLost,
    /// Not a 200, which this API family answers even to errors.
    #[error("the acquirer answered HTTP status {0}: check that its URL ends in /payment/rest/")]
    HttpStatus(u16),
    /// Longer than any real answer.
    #[error("the acquirer's answer is too long")]
    TooLarge,
    /// Not a JSON object: an error page or a cut answer.
    #[error("the acquirer's answer is not a JSON object")]
    NotJson,
    /// A member that must be there is not, or not as it should be.
    #[error("the acquirer's answer lacks a valid {0}")]
    Member(&'static str),
    /// The answer says two things that cannot both be true.
    #[error("the acquirer's answer contradicts itself: read the order at the bank's back office")]
    Contradiction,
    /// The acquirer reports a fault of its own (`errorCode` 7).
    #[error("the acquirer reports a system error")]
    SystemError,
}
