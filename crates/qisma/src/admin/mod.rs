//! What operators ask of a gateway, in one shape: the command line asks it of a running gateway over
//! the command socket, or of the same gateway opened in its own process when none runs.

mod client;
mod execute;
mod fees_view;
mod held;
mod key_views;
mod server;
mod views;
mod wire;

use qisma_domain::app::WebhookMode;
use qisma_domain::fees::FeePlan;
use qisma_domain::ids::{AppId, DeliveryId, MerchantId, Mode, PaymentId};
use qisma_domain::merchant::MerchantStatus;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use self::client::{ask_running, call, is_answering};
pub use self::execute::execute;
pub use self::server::CommandSocket;

/// Everything that can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum AdminRequest {
    /// Create a merchant; without an id, one is drawn.
    MerchantCreate {
        /// What payers see.
        name: String,
        /// Its number.
        id: Option<MerchantId>,
        /// The picture payers see.
        image_url: Option<String>,
    },
    /// Set a merchant's status.
    MerchantSetStatus {
        /// The merchant.
        id: MerchantId,
        /// Where it is to stand.
        status: MerchantStatus,
    },
    /// Set what is taken of the payments that a merchant asks for.
    MerchantFeesSet {
        /// The merchant.
        id: MerchantId,
        /// The plan; none: nothing is taken.
        plan: Option<FeePlan>,
    },
    /// Show what is taken of the payments that a merchant asks for.
    MerchantFeesShow {
        /// The merchant.
        id: MerchantId,
    },
    /// List merchants, in order of their numbers.
    MerchantList,
    /// Create an app with its first keys.
    AppCreate {
        /// Whose it is.
        merchant: MerchantId,
        /// Test or live.
        mode: Mode,
        /// How its webhooks are sent.
        webhook_mode: WebhookMode,
    },
    /// Give an app new keys.
    AppRotate {
        /// The app.
        app: AppId,
        /// How long the old keys still work.
        overlap_hours: i64,
    },
    /// List apps, oldest first.
    AppList,
    /// Create an API key.
    ApiKeyCreate {
        /// Whose it is.
        merchant: MerchantId,
        /// Test or live.
        mode: Mode,
        /// What its owner calls it.
        name: Option<String>,
    },
    /// End an API key at once.
    ApiKeyRevoke {
        /// What it is listed by.
        id: String,
    },
    /// List API keys, oldest first.
    ApiKeyList,
    /// Register a terminal.
    TerminalCreate {
        /// Whose it is.
        merchant: MerchantId,
        /// What its owner calls it.
        id: String,
        /// What stands on the machine.
        serial_number: String,
    },
    /// List terminals, in order of their owners.
    TerminalList,
    /// Create a wallet.
    WalletCreate {
        /// Its phone, in any accepted spelling.
        phone: String,
        /// Its owner's name.
        name: String,
        /// Test or live.
        mode: Mode,
        /// Test money to begin with.
        fund_millimes: i64,
    },
    /// Show everything about a payment.
    PaymentShow {
        /// The payment.
        id: PaymentId,
    },
    /// List the newest payments.
    PaymentList {
        /// At most so many.
        count_max: i64,
    },
    /// List the newest refunds, of one payment or of all.
    RefundList {
        /// The payment.
        payment: Option<PaymentId>,
        /// At most so many.
        count_max: i64,
    },
    /// Say what became of a refund that waits for an operator.
    RefundResolve {
        /// The payment.
        payment: PaymentId,
        /// Its refund.
        number: u16,
        /// Whether the payer has the money.
        is_paid: bool,
    },
    /// Say what became of a capture that waits for an operator.
    CaptureResolve {
        /// The payment.
        payment: PaymentId,
        /// Whether the acquirer took the money.
        is_captured: bool,
    },
    /// List attempts that are not final.
    AttemptList {
        /// At most so many.
        count_max: i64,
    },
    /// Ask the bank about an attempt's order, now.
    AttemptInquire {
        /// The payment.
        payment: PaymentId,
        /// Its attempt.
        number: u16,
    },
    /// Close an attempt that the bank never explained.
    AttemptClose {
        /// The payment.
        payment: PaymentId,
        /// Its attempt.
        number: u16,
        /// Whether to close it though the bank is still being asked.
        #[serde(default)]
        force: bool,
    },
    /// List the newest deliveries, of one payment or of all.
    DeliveryList {
        /// The payment.
        payment: Option<PaymentId>,
        /// At most so many.
        count_max: i64,
    },
    /// Send a delivery again.
    DeliveryResend {
        /// The delivery.
        id: DeliveryId,
    },
    /// Show what a merchant's accounts hold.
    BalanceShow {
        /// The merchant.
        merchant: MerchantId,
        /// Test or live.
        mode: Mode,
    },
    /// Compare every order with the acquirers' books, for `qisma verify`.
    OrdersCompare,
}

/// What came of it: JSON, written once and passed on as it is.
pub type AdminResult = Result<Box<RawValue>, AdminError>;

/// Why there is no answer, in words that say what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct AdminError {
    /// What is known of the outcome.
    pub kind: AdminErrorKind,
    /// One sentence.
    pub message: String,
}

/// What is known when there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminErrorKind {
    /// Nothing was changed.
    Refused,
    /// A setting is wrong; nothing was changed.
    Config,
    /// It may or may not have happened.
    Unknown,
}

impl AdminError {
    /// An error after which nothing has changed.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { kind: AdminErrorKind::Refused, message: message.into() }
    }

    /// An error of the settings.
    pub fn config(message: impl Into<String>) -> Self {
        Self { kind: AdminErrorKind::Config, message: message.into() }
    }

    /// An error that leaves the outcome open.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self { kind: AdminErrorKind::Unknown, message: message.into() }
    }
}
