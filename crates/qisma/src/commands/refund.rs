//! `qisma refund`: money on its way back to payers.

use clap::{Args, Subcommand};
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
    /// Say what became of a refund that the acquirer never explained, once it has told you otherwise.
    Resolve {
        /// The payment.
        #[arg(value_parser = PaymentId::parse, allow_hyphen_values = true)]
        payment_id: PaymentId,
        /// The refund's number within the payment.
        number: u16,
        #[command(flatten)]
        how: How,
    },
}

/// What became of it. Nothing is asked of the acquirer.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct How {
    /// The payer has the money.
    #[arg(long)]
    paid: bool,
    /// The payer has nothing and will get nothing: the merchants have their shares again.
    #[arg(long)]
    failed: bool,
}

impl From<RefundCommand> for AdminRequest {
    fn from(command: RefundCommand) -> Self {
        match command {
            RefundCommand::List { payment, limit } => {
                Self::RefundList { payment, count_max: limit }
            }
            RefundCommand::Resolve { payment_id: payment, number, how } => {
                Self::RefundResolve { payment, number, is_paid: how.paid }
            }
        }
    }
}
