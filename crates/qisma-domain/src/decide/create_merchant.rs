//! Create a merchant. It begins as *onboarding*: an operator activates it.

use rand_core::Rng;

use super::Decide;
use crate::changes::Changes;
use crate::ids::MerchantId;
use crate::limits::NAME_CHARS_MAX;
use crate::link::Link;
use crate::merchant::{Merchant, MerchantStatus};
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Create a merchant.
#[derive(Clone, Debug)]
pub struct CreateMerchant {
    /// Its number; the caller draws a free one when the operator gives none.
    pub id: MerchantId,
    /// What payers will see.
    pub name: String,
    /// The picture payers will see.
    pub image_url: Option<Link>,
}

/// Why it was not created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateMerchantRefusal {
    /// The number is taken.
    #[error("a merchant with this id exists already; choose another --id, or leave it out")]
    Exists,
    /// The name is empty, too long, or holds control characters.
    #[error("a name is 1 to 120 characters without control characters")]
    BadName,
}

/// Whether a name can be shown: not empty, not too long, nothing that moves a terminal or a line.
pub fn is_showable_name(name: &str) -> bool {
    !name.trim().is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !name.chars().any(char::is_control)
}

impl Decide for CreateMerchant {
    type Answer = Merchant;
    type Refusal = CreateMerchantRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.merchants.insert(self.id);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(Merchant, Changes), CreateMerchantRefusal> {
        if see.merchants.contains_key(&self.id) {
            return Err(CreateMerchantRefusal::Exists);
        }
        if !is_showable_name(&self.name) {
            return Err(CreateMerchantRefusal::BadName);
        }
        let merchant = Merchant {
            id: self.id,
            name: self.name.clone(),
            image_url: self.image_url.clone(),
            status: MerchantStatus::Onboarding,
            fee_plan: None,
            created_at: now,
            version: 1,
        };
        let mut changes = Changes::none();
        changes.merchants.push(merchant.clone());
        Ok((merchant, changes))
    }
}
