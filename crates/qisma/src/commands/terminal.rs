//! `qisma terminal`: the machines on merchants' counters.

use clap::Subcommand;
use qisma_domain::ids::MerchantId;

use crate::admin::AdminRequest;

#[derive(Subcommand)]
pub enum TerminalCommand {
    /// Register a terminal: from then on whoever asks it must name its serial number.
    Create {
        /// Whose it is.
        #[arg(long, value_name = "ID", value_parser = MerchantId::parse)]
        merchant: MerchantId,
        /// What its owner calls it, as `id_terminal` in requests.
        #[arg(long, value_name = "ID")]
        id: String,
        /// What stands on the machine, as `serial_number` in requests.
        #[arg(long, value_name = "N")]
        serial: String,
    },
    /// List the terminals that were registered.
    List,
}

impl From<TerminalCommand> for AdminRequest {
    fn from(command: TerminalCommand) -> Self {
        match command {
            TerminalCommand::Create { merchant, id, serial } => {
                Self::TerminalCreate { merchant, id, serial_number: serial }
            }
            TerminalCommand::List => Self::TerminalList,
        }
    }
}
