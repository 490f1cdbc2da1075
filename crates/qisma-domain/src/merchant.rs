//! Merchants: those whom a payment may credit.

use serde::{Deserialize, Serialize};

use crate::fees::FeePlan;
use crate::ids::MerchantId;
use crate::link::Link;
use crate::time::Timestamp;

/// Where a merchant stands. Only an active one can receive money or ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MerchantStatus {
    /// Created, not yet checked by the operator.
    Onboarding,
    /// May receive and ask.
    Active,
    /// Stopped for now: its keys answer 401, its open payments finish.
    Suspended,
    /// Gone for good.
    Closed,
}

impl MerchantStatus {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Onboarding => "onboarding",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Onboarding, Self::Active, Self::Suspended, Self::Closed]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// A merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Merchant {
    /// Its number, as platforms write it in a split.
    pub id: MerchantId,
    /// What payers see.
    pub name: String,
    /// The picture payers see, unless a payment brings its own.
    pub image_url: Option<Link>,
    /// Where it stands.
    pub status: MerchantStatus,
    /// What is taken of the payments that it asks for; none: nothing.
    pub fee_plan: Option<FeePlan>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Raised by one with each change.
    pub version: i64,
}

impl Merchant {
    /// Whether money may be credited to it.
    pub fn can_receive(&self) -> bool {
        self.status == MerchantStatus::Active
    }
}
