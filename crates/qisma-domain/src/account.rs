//! The chart of accounts (docs/ledger.md).
//!
//! A balance is what Qisma owes the account's owner: merchants and wallets stand above zero, an
//! acquirer's clearing account below it, because the acquirer owes us.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, MerchantId, Mode, Shard, WalletId};
use crate::money::Currency;

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
}

impl AccountKind {
    /// Every kind there is.
    pub const ALL: [Self; 11] = [
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
        }
    }

    /// Whether its balance may fall below zero: what others owe us, and the money behind wallets.
    pub const fn may_be_negative(self) -> bool {
        matches!(self, Self::Clearing | Self::WalletFloat | Self::Debt | Self::Suspense)
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
}

impl Account {
    /// An account of a merchant.
    pub const fn merchant(
        merchant: MerchantId,
        kind: AccountKind,
        mode: Mode,
        currency: Currency,
    ) -> Self {
        Self { owner: Owner::Merchant(merchant), kind, mode, currency }
    }

    /// A wallet's account.
    pub const fn wallet(wallet: WalletId, mode: Mode, currency: Currency) -> Self {
        Self { owner: Owner::Wallet(wallet), kind: AccountKind::Wallet, mode, currency }
    }

    /// What an acquirer owes us.
    pub const fn clearing(acquirer: Acquirer, mode: Mode, currency: Currency) -> Self {
        Self { owner: Owner::Acquirer(acquirer), kind: AccountKind::Clearing, mode, currency }
    }

    /// One of the platform's own accounts.
    pub const fn platform(kind: AccountKind, mode: Mode, currency: Currency) -> Self {
        Self { owner: Owner::Platform, kind, mode, currency }
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

    /// The account's id, in its owner's shard.
    pub fn id(&self) -> AccountId {
        let shard = match self.owner {
            Owner::Merchant(merchant) => merchant.shard(),
            Owner::Wallet(wallet) => wallet.shard(),
            Owner::Acquirer(_) | Owner::Platform => Shard::of_text(&self.owner_text()),
        };
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
}
