//! `qisma app`: a merchant's way in. The private key and the webhook secret are shown once.

use clap::Subcommand;
use qisma_domain::app::WebhookMode;
use qisma_domain::ids::{AppId, MerchantId, Mode};
use qisma_domain::limits::KEY_OVERLAP_HOURS_DEFAULT;

use super::arguments;
use crate::admin::AdminRequest;

#[derive(Subcommand)]
pub enum AppCommand {
    /// Create an app; its private key and webhook secret are shown this once.
    Create {
        /// Whose it is.
        #[arg(long, value_name = "ID", value_parser = MerchantId::parse)]
        merchant: MerchantId,
        /// Sandbox money or real money, for ever.
        #[arg(long, value_parser = arguments::mode())]
        mode: Mode,
        /// How its webhooks are sent: GET as Flouci does, POST with JSON, or whichever works.
        #[arg(long, value_parser = arguments::webhook_mode(), default_value = "get")]
        webhook_mode: WebhookMode,
    },
    /// Give an app new keys; the old ones work for the overlap.
    Rotate {
        /// The app.
        #[arg(value_parser = AppId::parse, allow_hyphen_values = true)]
        app_id: AppId,
        /// How long the old keys still work, at most 168; 0 ends them at once.
        #[arg(long, value_name = "N", default_value_t = KEY_OVERLAP_HOURS_DEFAULT)]
        overlap_hours: i64,
    },
    /// List apps and their public keys.
    List,
}

impl From<AppCommand> for AdminRequest {
    fn from(command: AppCommand) -> Self {
        match command {
            AppCommand::Create { merchant, mode, webhook_mode } => {
                Self::AppCreate { merchant, mode, webhook_mode }
            }
            AppCommand::Rotate { app_id, overlap_hours } => {
                Self::AppRotate { app: app_id, overlap_hours }
            }
            AppCommand::List => Self::AppList,
        }
    }
}
