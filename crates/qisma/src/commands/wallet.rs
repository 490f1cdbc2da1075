//! `qisma wallet`: money that payers keep with us.

use clap::Subcommand;
use qisma_domain::ids::Mode;

use super::arguments;
use crate::admin::AdminRequest;

#[derive(Subcommand)]
pub enum WalletCommand {
    /// Create a wallet.
    Create {
        /// The phone that confirms its payments: 8 digits, also with +216 or 00216.
        #[arg(long, value_name = "NUMBER")]
        phone: String,
        /// Its owner's name.
        #[arg(long, value_name = "N")]
        name: String,
        /// Sandbox money or real money, for ever.
        #[arg(long, value_parser = arguments::mode())]
        mode: Mode,
        /// Test money to begin with; refused in live mode.
        #[arg(long, value_name = "N", default_value_t = 0)]
        fund_millimes: i64,
    },
}

impl From<WalletCommand> for AdminRequest {
    fn from(command: WalletCommand) -> Self {
        let WalletCommand::Create { phone, name, mode, fund_millimes } = command;
        Self::WalletCreate { phone, name, mode, fund_millimes }
    }
}
