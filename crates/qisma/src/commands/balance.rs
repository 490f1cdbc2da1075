//! `qisma balance`: what merchants' accounts hold.

use clap::Subcommand;
use qisma_domain::ids::{MerchantId, Mode};

use super::arguments;
use crate::admin::AdminRequest;

#[derive(Subcommand)]
pub enum BalanceCommand {
    /// Show what a merchant's accounts hold.
    Show {
        /// The merchant.
        #[arg(value_parser = MerchantId::parse, allow_hyphen_values = true)]
        merchant: MerchantId,
        /// Sandbox money or real money.
        #[arg(long, value_parser = arguments::mode(), default_value = "test")]
        mode: Mode,
    },
}

impl From<BalanceCommand> for AdminRequest {
    fn from(command: BalanceCommand) -> Self {
        let BalanceCommand::Show { merchant, mode } = command;
        Self::BalanceShow { merchant, mode }
    }
}
