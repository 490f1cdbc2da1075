//! Set a merchant's status.

use rand_core::Rng;

use super::Decide;
use crate::changes::Changes;
use crate::ids::MerchantId;
use crate::merchant::{Merchant, MerchantStatus};
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Set a merchant's status.
#[derive(Clone, Debug)]
pub struct SetMerchantStatus {
    /// The merchant.
    pub id: MerchantId,
    /// Where it is to stand.
    pub status: MerchantStatus,
}

/// Why it was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusRefusal {
    /// No such merchant.
    #[error("there is no merchant with this id; `qisma merchant list` shows them")]
    NotFound,
    /// Closed is for good.
    #[error("a closed merchant stays closed; create a new one instead")]
    Closed,
}

impl Decide for SetMerchantStatus {
    type Answer = Merchant;
    type Refusal = StatusRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.merchants.insert(self.id);
    }

    fn decide(
        &self,
        see: &Snapshot,
        _now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(Merchant, Changes), StatusRefusal> {
        let mut merchant = see.merchants.get(&self.id).ok_or(StatusRefusal::NotFound)?.clone();
        if merchant.status == self.status {
            return Ok((merchant, Changes::none()));
        }
        if merchant.status == MerchantStatus::Closed {
            return Err(StatusRefusal::Closed);
        }
        merchant.status = self.status;
        merchant.version += 1;
        let mut changes = Changes::none();
        changes.merchants.push(merchant.clone());
        Ok((merchant, changes))
    }
}
