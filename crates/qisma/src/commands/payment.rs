//! `qisma payment`: what was asked for and what became of it.

use clap::{Args, Subcommand};
use qisma_domain::ids::PaymentId;

use super::arguments::COUNT_DEFAULT;
use crate::admin::AdminRequest;

#[derive(Subcommand)]
pub enum PaymentCommand {
    /// Show everything about a payment: its legs, attempts, events, deliveries and journal.
    Show {
        /// The payment.
        #[arg(value_parser = PaymentId::parse, allow_hyphen_values = true)]
        id: PaymentId,
    },
    /// List the newest payments.
    List {
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = COUNT_DEFAULT)]
        limit: i64,
    },
    /// Say what became of a capture that the acquirer never explained, once it has told you otherwise.
    Resolve {
        /// The payment.
        #[arg(value_parser = PaymentId::parse, allow_hyphen_values = true)]
        id: PaymentId,
        #[command(flatten)]
        how: How,
    },
}

/// What became of it. Nothing is asked of the acquirer.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct How {
    /// It took exactly what was confirmed: the merchants have their shares.
    #[arg(long)]
    captured: bool,
    /// It took nothing: the payment is authorized as before, and can be confirmed again or cancelled.
    #[arg(long)]
    not_captured: bool,
}

impl From<PaymentCommand> for AdminRequest {
    fn from(command: PaymentCommand) -> Self {
        match command {
            PaymentCommand::Show { id } => Self::PaymentShow { id },
            PaymentCommand::List { limit } => Self::PaymentList { count_max: limit },
            PaymentCommand::Resolve { id: payment, how } => {
                Self::CaptureResolve { payment, is_captured: how.captured }
            }
        }
    }
}
