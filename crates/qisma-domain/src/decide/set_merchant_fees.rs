//! Set what is taken of the payments that a merchant asks for. Those that were made before keep the plan
//! that they were made with.

use rand_core::Rng;

use super::Decide;
use crate::changes::Changes;
use crate::fees::FeePlan;
use crate::ids::MerchantId;
use crate::merchant::Merchant;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Set a merchant's fee plan.
#[derive(Clone, Copy, Debug)]
pub struct SetMerchantFees {
    /// The merchant.
    pub id: MerchantId,
    /// What is taken from now on; none: nothing.
    pub plan: Option<FeePlan>,
}

/// Why it was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeesRefusal {
    /// No such merchant.
    #[error("there is no merchant with this id; `qisma merchant list` shows them")]
    NotFound,
    /// No fee could be both.
    #[error("the minimum is above the maximum; lower --min or raise --max")]
    MinAboveMax,
}

impl Decide for SetMerchantFees {
    type Answer = Merchant;
    type Refusal = FeesRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.merchants.insert(self.id);
    }

    fn decide(
        &self,
        see: &Snapshot,
        _now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(Merchant, Changes), FeesRefusal> {
        let mut merchant = see.merchants.get(&self.id).ok_or(FeesRefusal::NotFound)?.clone();
        let is_impossible = |plan: FeePlan| plan.max.is_some_and(|max| max < plan.min);
        if self.plan.is_some_and(is_impossible) {
            return Err(FeesRefusal::MinAboveMax);
        }
        if merchant.fee_plan == self.plan {
            return Ok((merchant, Changes::none()));
        }
        merchant.fee_plan = self.plan;
        merchant.version += 1;
        let merchants = vec![merchant.clone()];
        Ok((merchant, Changes { merchants, ..Changes::none() }))
    }
}
