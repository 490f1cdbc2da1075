//! `qisma delivery`: webhooks, sent and to be sent.

use clap::Subcommand;
use qisma_domain::ids::{DeliveryId, PaymentId};

use super::arguments::COUNT_DEFAULT;
use crate::admin::AdminRequest;

#[derive(Subcommand)]
pub enum DeliveryCommand {
    /// List the newest deliveries.
    List {
        /// Only those of this payment.
        #[arg(long, value_name = "ID", value_parser = PaymentId::parse, allow_hyphen_values = true)]
        payment: Option<PaymentId>,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = COUNT_DEFAULT)]
        limit: i64,
    },
    /// Send a delivery again: the same event, the same bytes, a schedule of its own.
    Resend {
        /// The delivery.
        #[arg(value_parser = DeliveryId::parse, allow_hyphen_values = true)]
        id: DeliveryId,
    },
}

impl From<DeliveryCommand> for AdminRequest {
    fn from(command: DeliveryCommand) -> Self {
        match command {
            DeliveryCommand::List { payment, limit } => {
                Self::DeliveryList { payment, count_max: limit }
            }
            DeliveryCommand::Resend { id } => Self::DeliveryResend { id },
        }
    }
}
