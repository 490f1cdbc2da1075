//! The chart of accounts (docs/ledger.md).
//!
//! A balance is what Qisma owes the account's owner: merchants and wallets stand above zero, an
//! acquirer's clearing account below it, because the acquirer owes us.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, MerchantId, Mode, Shard, WalletId};
use crate::money::Currency;

/// Into how many rows each account that every payment moves is divided, so that payments of different
/// shards do not wait for one another (ADR 0018).
pub const STRIPES: u8 = 16;

/// Who acquires card payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acquirer {
    /// The sandbox bank, for test money.
    Sandbox,
    /// SMT (ClicToPay), for live money.
    Smt,
}

impl Acquirer {
    /// The acquirer that a mode's cards go to.
    pub const fn of_mode(mode: Mode) -> Self {
        match mode {
            Mode::Test => Self::Sandbox,
            Mode::Live => Self::Smt,
        }
    }

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Smt => "smt",
        }
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Sandbox, Self::Smt].into_iter().find(|acquirer| acquirer.as_str() == text)
    }
}

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A merchant's money that its acquirer has not paid us yet.
    Pending,
    /// A merchant's money that can be paid out.
    Available,
    /// A merchant's money kept back against disputes.
    Reserve,
    /// Shares of a merchant that could not receive when the payment was captured.
    Parked,
    /// What a merchant owes the platform.
    Debt,
    /// A payer's money; never below zero.
    Wallet,
    /// What an acquirer owes us.
    Clearing,
    /// The platform's income.
    Fees,
    /// Tax on that income.
    Tax,
    /// The money behind all wallets.
    WalletFloat,
    /// Money that came though nobody should have paid; on its way back.
    Suspense,
    /// Money that refunds have taken from merchants and payers do not have yet.
    RefundClearing,
}

impl AccountKind {
    /// Every kind there is.
    pub const ALL: [Self; 12] = [
        Self::Pending,
        Self::Available,
        Self::Reserve,
        Self::Parked,
        Self::Debt,
        Self::Wallet,
        Self::Clearing,
        Self::Fees,
        Self::Tax,
        Self::WalletFloat,
        Self::Suspense,
        Self::RefundClearing,
    ];

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Reserve => "reserve",
            Self::Parked => "parked",
            Self::Debt => "debt",
            Self::Wallet => "wallet",
            Self::Clearing => "clearing",
            Self::Fees => "fees",
            Self::Tax => "tax",
            Self::WalletFloat => "wallet_float",
            Self::Suspense => "suspense",
            Self::RefundClearing => "refund_clearing",
        }
    }

    /// Reads the word that is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it is one account in [`STRIPES`] rows: those that payments of every merchant move.
    pub const fn is_striped(self) -> bool {
        matches!(
            self,
            Self::Clearing
                | Self::Fees
                | Self::Tax
                | Self::WalletFloat
                | Self::Suspense
                | Self::RefundClearing
        )
    }

    /// Whether its balance may fall below zero: what others owe us, and the money behind wallets.
    pub const fn may_be_negative(self) -> bool {
        matches!(
            self,
            Self::Clearing | Self::WalletFloat | Self::Debt | Self::Suspense | Self::RefundClearing
        )
    }
}

/// Whose an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A merchant.
    Merchant(MerchantId),
    /// A payer's wallet.
    Wallet(WalletId),
    /// An acquirer.
    Acquirer(Acquirer),
    /// Whoever runs this gateway.
    Platform,
}

impl Owner {
    /// Reads what [`Account::owner_text`] has written.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None => (text == "platform").then_some(Self::Platform),
            Some(("merchant", id)) => MerchantId::parse(id).ok().map(Self::Merchant),
            Some(("wallet", id)) => WalletId::parse(id).ok().map(Self::Wallet),
            Some(("acquirer", name)) => Acquirer::parse(name).map(Self::Acquirer),
            Some(_) => None,
        }
    }
}

/// An account: its owner, purpose, mode and currency say all there is to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// Whose it is.
    pub owner: Owner,
    /// What it is for.
    pub kind: AccountKind,
    /// Test or live; the two never meet.
    pub mode: Mode,
    /// The one currency it counts.
    pub currency: Currency,
    /// Which of its rows, of an account that is divided; else 0.
    stripe: u8,
}

impl Account {
    /// An account of a merchant.
    pub const fn merchant(
        merchant: MerchantId,
        kind: AccountKind,
        mode: Mode,
        currency: Currency,
    ) -> Self {
        Self { owner: Owner::Merchant(merchant), kind, mode, currency, stripe: 0 }
    }

    /// A wallet's account.
    pub const fn wallet(wallet: WalletId, mode: Mode, currency: Currency) -> Self {
        Self { owner: Owner::Wallet(wallet), kind: AccountKind::Wallet, mode, currency, stripe: 0 }
    }

    /// What an acquirer owes us.
    pub const fn clearing(acquirer: Acquirer, mode: Mode, currency: Currency) -> Self {
        let owner = Owner::Acquirer(acquirer);
        Self { owner, kind: AccountKind::Clearing, mode, currency, stripe: 0 }
    }

    /// One of the platform's own accounts.
    pub const fn platform(kind: AccountKind, mode: Mode, currency: Currency) -> Self {
        Self { owner: Owner::Platform, kind, mode, currency, stripe: 0 }
    }

    /// The account as it is stored, if this is its id.
    pub fn from_stored(
        owner: &str,
        kind: &str,
        (mode, currency): (Mode, Currency),
        id: &AccountId,
    ) -> Option<Self> {
        let (owner, kind) = (Owner::parse(owner)?, AccountKind::parse(kind)?);
        let first = Self { owner, kind, mode, currency, stripe: 0 };
        let distance = id.shard().0.wrapping_sub(first.id().shard().0);
        let stripe = if kind.is_striped() { distance / STRIPES } else { 0 };
        Some(Self { stripe, ..first }).filter(|account| account.id() == *id)
    }

    /// The row of a divided account that what happens in this shard moves: always the same one, so
    /// what is tried again lands where it was tried before. Any other account has one row.
    #[must_use]
    pub const fn in_stripe_of(mut self, shard: Shard) -> Self {
        if self.kind.is_striped() {
            self.stripe = shard.0 % STRIPES;
        }
        self
    }

    /// All of its rows; its balance is their sum.
    pub fn stripes(self) -> impl Iterator<Item = Self> {
        let count = if self.kind.is_striped() { STRIPES } else { 1 };
        (0..count).map(move |stripe| Self { stripe, ..self })
    }

    /// The owner as it is stored and shown: `merchant:1234`, `wallet:wal_…`, `acquirer:smt`.
    pub fn owner_text(&self) -> String {
        match self.owner {
            Owner::Merchant(merchant) => format!("merchant:{merchant}"),
            Owner::Wallet(wallet) => format!("wallet:{wallet}"),
            Owner::Acquirer(acquirer) => format!("acquirer:{}", acquirer.as_str()),
            Owner::Platform => "platform".to_owned(),
        }
    }

    /// The account's id, in its owner's shard; each stripe's is in another one.
    pub fn id(&self) -> AccountId {
        let shard = match self.owner {
            Owner::Merchant(merchant) => merchant.shard(),
            Owner::Wallet(wallet) => wallet.shard(),
            Owner::Acquirer(_) | Owner::Platform => Shard::of_text(&self.owner_text()),
        };
        let shard = Shard(shard.0.wrapping_add(self.stripe.wrapping_mul(STRIPES)));
        let parts =
            [&self.owner_text(), self.kind.as_str(), self.mode.as_str(), self.currency.code()];
        AccountId::derive(shard, &parts)
    }
}

/// What an account holds, in millimes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// The sum of its postings.
    pub posted_millimes: i64,
    /// The sum of its open holds.
    pub held_millimes: i64,
}

impl Balance {
    /// What may be spent: posted less held.
    pub const fn available_millimes(&self) -> i64 {
        self.posted_millimes.saturating_sub(self.held_millimes)
    }

    /// With what another row of the same account holds.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            posted_millimes: self.posted_millimes.saturating_add(other.posted_millimes),
            held_millimes: self.held_millimes.saturating_add(other.held_millimes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn clearing() -> Account {
        Account::clearing(Acquirer::Smt, Mode::Live, Currency::Tnd)
    }

    #[test]
    fn each_stripe_is_in_a_shard_of_its_own() {
        let shards: BTreeSet<_> = clearing().stripes().map(|stripe| stripe.id().shard()).collect();
        assert_eq!(shards.len(), 16);
    }

    #[test]
    fn the_shards_of_all_payments_share_the_stripes_evenly() {
        let mut counts = [0; 16];
        for shard in 0..=255 {
            let stripe = clearing().in_stripe_of(Shard(shard)).stripe;
            counts[usize::from(stripe)] += 1;
        }
        assert_eq!(counts, [16; 16]);
    }

    #[test]
    fn a_merchants_account_has_one_row() {
        let merchant = MerchantId::parse("1234").unwrap();
        let account = Account::merchant(merchant, AccountKind::Pending, Mode::Test, Currency::Tnd);
        assert_eq!(account.in_stripe_of(Shard(7)), account);
        assert_eq!(account.stripes().collect::<Vec<_>>(), [account]);
    }

    #[test]
    fn every_account_is_read_as_it_was_stored() {
        let merchant = MerchantId::parse("1234").unwrap();
        let wallet = WalletId::from_bytes([7; 16]);
        let all = [
            Account::merchant(merchant, AccountKind::Debt, Mode::Test, Currency::Tnd),
            Account::wallet(wallet, Mode::Live, Currency::Tnd),
            Account::platform(AccountKind::Fees, Mode::Live, Currency::Tnd).in_stripe_of(Shard(15)),
            clearing().in_stripe_of(Shard(200)),
        ];
        for account in all {
            let (owner, kind) = (account.owner_text(), account.kind.as_str());
            let kept = (account.mode, account.currency);
            assert_eq!(Account::from_stored(&owner, kind, kept, &account.id()), Some(account));
        }
    }

    #[test]
    fn an_account_under_another_ones_id_is_not_read() {
        let kept = (Mode::Live, Currency::Tnd);
        let id = clearing().id();
        assert_eq!(Account::from_stored("acquirer:sandbox", "clearing", kept, &id), None);
    }
}
