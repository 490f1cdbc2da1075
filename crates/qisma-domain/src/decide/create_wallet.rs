//! Create a wallet; in test mode, with money in it.

use rand_core::Rng;

use super::Decide;
use super::create_merchant::is_showable_name;
use crate::changes::Changes;
use crate::ids::{EntryId, Mode, WalletId};
use crate::journal::{EntryKind, FoldAt, JournalEntry};
use crate::money::Amount;
use crate::phone::Phone;
use crate::postings::of_wallet_funding;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;
use crate::wallet::Wallet;

/// Create a wallet.
#[derive(Clone, Debug)]
pub struct CreateWallet {
    /// The phone that will confirm its payments.
    pub phone: Phone,
    /// Its owner's name.
    pub name: String,
    /// Test or live.
    pub mode: Mode,
    /// Test money to begin with.
    pub fund: Amount,
}

/// Why it was not created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateWalletRefusal {
    /// The phone has one in this mode.
    #[error("this phone has a wallet in this mode already")]
    Exists,
    /// Live money does not come from a command line.
    #[error("a live wallet cannot be funded by hand; leave --fund-millimes out")]
    LiveFunding,
    /// The name cannot be shown.
    #[error("a name is 1 to 120 characters without control characters")]
    BadName,
}

impl Decide for CreateWallet {
    type Answer = Wallet;
    type Refusal = CreateWalletRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.wallets.insert((self.mode, self.phone.clone()));
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(Wallet, Changes), CreateWalletRefusal> {
        if see.wallets.contains_key(&(self.mode, self.phone.clone())) {
            return Err(CreateWalletRefusal::Exists);
        }
        if self.mode == Mode::Live && !self.fund.is_zero() {
            return Err(CreateWalletRefusal::LiveFunding);
        }
        if !is_showable_name(&self.name) {
            return Err(CreateWalletRefusal::BadName);
        }
        let wallet = Wallet {
            id: WalletId::mint(self.phone.shard(self.mode), now, rng),
            phone: self.phone.clone(),
            name: self.name.clone(),
            mode: self.mode,
            created_at: now,
            version: 1,
        };
        let mut changes = Changes::none();
        if !self.fund.is_zero() {
            changes.entries.push(JournalEntry {
                id: EntryId::mint(wallet.id.shard(), now, rng),
                kind: EntryKind::WalletFunding,
                reference: wallet.id.to_string(),
                payment: None,
                at: now,
                postings: of_wallet_funding(&wallet, self.fund),
                fold: FoldAt::Commit,
            });
        }
        changes.wallets.push(wallet.clone());
        Ok((wallet, changes))
    }
}
