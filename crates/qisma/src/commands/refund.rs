//! `qisma refund`: money on its way back to payers.

use clap::Subcommand;
use qisma_domain::ids::PaymentId;

use super::arguments::COUNT_DEFAULT;
use crate::admin::AdminRequest;

#[derive(Subcommand)]
pub enum RefundCommand {
    /// List the newest refunds.
    List {
        /// Only those of this payment.
        #[arg(long, value_name = "ID", value_parser = PaymentId::parse, allow_hyphen_values = true)]
        payment: Option<PaymentId>,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = COUNT_DEFAULT)]
        limit: i64,
    },
}

impl From<RefundCommand> for AdminRequest {
    fn from(command: RefundCommand) -> Self {
        match command {
            RefundCommand::List { payment, limit } => {
                Self::RefundList { payment, count_max: limit }
            }
        }
    }
}
