//! `qisma apikey`: keys for the calls that take `Api-Key`. The key is shown once.

use clap::Subcommand;
use qisma_domain::ids::{MerchantId, Mode};

use super::arguments;
use crate::admin::AdminRequest;

#[derive(Subcommand)]
pub enum ApiKeyCommand {
    /// Create an API key of a merchant; the key is shown this once.
    Create {
        /// Whose it is.
        #[arg(long, value_name = "ID", value_parser = MerchantId::parse)]
        merchant: MerchantId,
        /// Sandbox money or real money, for ever.
        #[arg(long, value_parser = arguments::mode(), default_value = "test")]
        mode: Mode,
        /// What to recognise it by in the list.
        #[arg(long, value_name = "N")]
        name: Option<String>,
    },
    /// Revoke an API key: it ends at once and for good.
    Revoke {
        /// Its id, as it is listed.
        id: String,
    },
    /// List API keys, those that were revoked too.
    List,
}

impl From<ApiKeyCommand> for AdminRequest {
    fn from(command: ApiKeyCommand) -> Self {
        match command {
            ApiKeyCommand::Create { merchant, mode, name } => {
                Self::ApiKeyCreate { merchant, mode, name }
            }
            ApiKeyCommand::Revoke { id } => Self::ApiKeyRevoke { id },
            ApiKeyCommand::List => Self::ApiKeyList,
        }
    }
}
