//! `qisma attempt`: single tries to pay, and an operator's word where the bank has none.

use clap::{Args, Subcommand};
use qisma_domain::ids::PaymentId;

use super::arguments::COUNT_DEFAULT;
use crate::admin::AdminRequest;

#[derive(Subcommand)]
pub enum AttemptCommand {
    /// List attempts that are not final.
    List {
        /// Those whose end is not known; there is no other list yet.
        #[arg(long, required = true)]
        unresolved: bool,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = COUNT_DEFAULT)]
        limit: i64,
    },
    /// Settle an attempt that the bank has left open.
    Resolve {
        /// The payment.
        #[arg(value_parser = PaymentId::parse, allow_hyphen_values = true)]
        payment_id: PaymentId,
        /// The attempt's number.
        number: u16,
        #[command(flatten)]
        how: How,
        /// Close it though the bank is still being asked.
        #[arg(long, requires = "close")]
        force: bool,
    },
}

/// What to do about it; asking the bank is the default, because it decides nothing.
#[derive(Args)]
#[group(multiple = false)]
pub struct How {
    /// Ask the bank now, and believe what it says.
    #[arg(long)]
    inquire: bool,
    /// Close the payment as a system failure; should the bank ever report it paid, the money goes
    /// back.
    #[arg(long)]
    close: bool,
}

impl From<AttemptCommand> for AdminRequest {
    fn from(command: AttemptCommand) -> Self {
        match command {
            AttemptCommand::List { unresolved: _, limit } => Self::AttemptList { count_max: limit },
            AttemptCommand::Resolve { payment_id: payment, number, how, force } if how.close => {
                Self::AttemptClose { payment, number, force }
            }
            AttemptCommand::Resolve { payment_id: payment, number, .. } => {
                Self::AttemptInquire { payment, number }
            }
        }
    }
}
