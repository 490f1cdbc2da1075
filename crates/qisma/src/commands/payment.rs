//! `qisma payment`: what was asked for and what became of it.

use clap::Subcommand;
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
}

impl From<PaymentCommand> for AdminRequest {
    fn from(command: PaymentCommand) -> Self {
        match command {
            PaymentCommand::Show { id } => Self::PaymentShow { id },
            PaymentCommand::List { limit } => Self::PaymentList { count_max: limit },
        }
    }
}
