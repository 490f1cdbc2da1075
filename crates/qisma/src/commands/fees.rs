//! `qisma merchant fees`: what is taken of the payments that a merchant asks for.

use clap::{Args, Subcommand};
use qisma_domain::fees::{Bps, FeeBearer, FeePlan};
use qisma_domain::ids::MerchantId;
use qisma_domain::money::Amount;

use super::arguments;
use crate::admin::AdminRequest;

#[derive(Subcommand)]
pub enum FeesCommand {
    /// Set the whole plan: what is left out is nothing. Payments made before keep theirs.
    Set(PlanArguments),
    /// Take nothing from now on.
    Clear {
        /// The merchant.
        #[arg(value_parser = MerchantId::parse, allow_hyphen_values = true)]
        id: MerchantId,
    },
    /// Show the plan.
    Show {
        /// The merchant.
        #[arg(value_parser = MerchantId::parse, allow_hyphen_values = true)]
        id: MerchantId,
    },
}

#[derive(Args)]
pub struct PlanArguments {
    /// The merchant.
    #[arg(value_parser = MerchantId::parse, allow_hyphen_values = true)]
    id: MerchantId,
    /// A part of what is captured, in basis points: 150 is 1.5 %.
    #[arg(long, value_name = "BPS", value_parser = arguments::bps, default_value = "0")]
    bps: Bps,
    /// ... and this on top, in millimes.
    #[arg(long, value_name = "MILLIMES", value_parser = arguments::amount, default_value = "0",
        allow_hyphen_values = true)]
    fixed: Amount,
    /// Never less, in millimes.
    #[arg(long, value_name = "MILLIMES", value_parser = arguments::amount, default_value = "0",
        allow_hyphen_values = true)]
    min: Amount,
    /// Never more, in millimes [default: no maximum].
    #[arg(long, value_name = "MILLIMES", value_parser = arguments::amount, allow_hyphen_values = true)]
    max: Option<Amount>,
    /// Tax on the fee, in basis points: 1900 is 19 %.
    #[arg(long, value_name = "BPS", value_parser = arguments::bps, default_value = "0")]
    tax_bps: Bps,
    /// Who bears fee and tax: platform, equal, proportional, or leg:ID.
    #[arg(long, value_name = "WHO", value_parser = FeeBearer::parse, default_value = "platform")]
    bearer: FeeBearer,
}

impl From<FeesCommand> for AdminRequest {
    fn from(command: FeesCommand) -> Self {
        match command {
            FeesCommand::Set(PlanArguments { id, bps, fixed, min, max, tax_bps, bearer }) => {
                let plan = FeePlan { bps, fixed, min, max, tax_bps, bearer };
                Self::MerchantFeesSet { id, plan: Some(plan) }
            }
            FeesCommand::Clear { id } => Self::MerchantFeesSet { id, plan: None },
            FeesCommand::Show { id } => Self::MerchantFeesShow { id },
        }
    }
}
