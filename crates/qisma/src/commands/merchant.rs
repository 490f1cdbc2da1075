//! `qisma merchant`: those whom a payment may credit.

use clap::Subcommand;
use qisma_domain::ids::MerchantId;
use qisma_domain::merchant::MerchantStatus;

use super::arguments;
use super::fees::FeesCommand;
use crate::admin::AdminRequest;

#[derive(Subcommand)]
pub enum MerchantCommand {
    /// Create a merchant; it begins as onboarding and receives nothing until it is set active.
    Create {
        /// What payers see.
        #[arg(long, value_name = "N")]
        name: String,
        /// Its number; one is drawn when left out.
        #[arg(long, value_parser = MerchantId::parse)]
        id: Option<MerchantId>,
        /// The https address of the picture payers see.
        #[arg(long, value_name = "U")]
        image_url: Option<String>,
    },
    /// Set a merchant's status.
    SetStatus {
        /// The merchant.
        #[arg(value_parser = MerchantId::parse, allow_hyphen_values = true)]
        id: MerchantId,
        /// Where it is to stand; closed is for good.
        #[arg(value_parser = arguments::merchant_status())]
        status: MerchantStatus,
    },
    /// What is taken of the payments that a merchant asks for.
    #[command(subcommand)]
    Fees(FeesCommand),
    /// List merchants.
    List,
}

impl From<MerchantCommand> for AdminRequest {
    fn from(command: MerchantCommand) -> Self {
        match command {
            MerchantCommand::Create { name, id, image_url } => {
                Self::MerchantCreate { name, id, image_url }
            }
            MerchantCommand::SetStatus { id, status } => Self::MerchantSetStatus { id, status },
            MerchantCommand::Fees(command) => command.into(),
            MerchantCommand::List => Self::MerchantList,
        }
    }
}
