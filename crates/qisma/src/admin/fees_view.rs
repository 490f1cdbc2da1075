//! A fee plan as operators are shown it.

use qisma_domain::fees::FeePlan;
use qisma_domain::ids::MerchantId;
use qisma_domain::merchant::Merchant;
use serde::Serialize;

/// What is taken of the payments that a merchant asks for.
#[derive(Serialize)]
pub struct FeesView {
    merchant: MerchantId,
    /// None: nothing is taken.
    fee_plan: Option<FeePlan>,
}

impl FeesView {
    pub const fn of(merchant: &Merchant) -> Self {
        Self { merchant: merchant.id, fee_plan: merchant.fee_plan }
    }
}
