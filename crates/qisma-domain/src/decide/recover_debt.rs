//! Recover what a merchant owes from what it has available by now; and give it what it has paid too much,
//! which is so where a refund that it owed for was refused afterwards (ADR 0022).

use rand_core::Rng;
use std::convert::Infallible;

use super::Decide;
use crate::account::{Account, AccountKind};
use crate::changes::Changes;
use crate::ids::{EntryId, MerchantId, Mode};
use crate::journal::{EntryKind, FoldAt, JournalEntry, Posting, Postings};
use crate::money::Currency;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Recover what a merchant owes. Both of its accounts are in one shard: whoever has its lease does this,
/// one command after the other.
#[derive(Clone, Copy, Debug)]
pub struct RecoverDebt {
    /// The merchant.
    pub merchant: MerchantId,
    /// In which mode.
    pub mode: Mode,
}

impl Decide for RecoverDebt {
    /// By how much its debt has changed; above zero, it owes less.
    type Answer = i64;
    type Refusal = Infallible;

    fn keys(&self, keys: &mut Keys) {
        let accounts = [AccountKind::Available, AccountKind::Debt];
        keys.balances.extend(accounts.map(|kind| self.account(kind).id()));
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(i64, Changes), Infallible> {
        let balance = |kind| {
            let id = self.account(kind).id();
            see.balances.get(&id).copied().unwrap_or_default()
        };
        let owed = balance(AccountKind::Debt).posted_millimes.saturating_neg();
        let free = balance(AccountKind::Available).available_millimes().max(0);
        // Below zero it has paid too much, and gets that back.
        let recovered = owed.min(free);
        if recovered == 0 {
            return Ok((0, Changes::none()));
        }
        let line = |kind, amount_millimes| Posting { account: self.account(kind), amount_millimes };
        let postings = Postings::balanced(vec![
            line(AccountKind::Available, -recovered),
            line(AccountKind::Debt, recovered),
        ]);
        let id = EntryId::mint(self.merchant.shard(), now, rng);
        let entry = JournalEntry {
            id,
            kind: EntryKind::DebtRecovery,
            reference: id.to_string(),
            payment: None,
            at: now,
            postings,
            fold: FoldAt::Commit,
        };
        Ok((recovered, Changes { entries: vec![entry], ..Changes::none() }))
    }
}

impl RecoverDebt {
    const fn account(&self, kind: AccountKind) -> Account {
        Account::merchant(self.merchant, kind, self.mode, Currency::Tnd)
    }
}
