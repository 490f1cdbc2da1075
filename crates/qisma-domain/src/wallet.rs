//! Wallets: money that payers keep with us.

use serde::Serialize;

use crate::account::Account;
use crate::ids::{Mode, WalletId};
use crate::money::Currency;
use crate::phone::Phone;
use crate::time::Timestamp;

/// A payer's wallet. Its phone number is its name: one wallet a phone and mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wallet {
    /// Its id.
    pub id: WalletId,
    /// The phone that confirms its payments.
    pub phone: Phone,
    /// Its owner's name.
    pub name: String,
    /// Test or live.
    pub mode: Mode,
    /// When it was created.
    pub created_at: Timestamp,
    /// Raised by one with each change.
    pub version: i64,
}

impl Wallet {
    /// The account that holds its money: what we owe the payer, never below zero.
    pub fn account(&self) -> Account {
        Account::wallet(self.id, self.mode, Currency::Tnd)
    }
}

/// When codes were sent to a phone: the window that limits them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneWindow {
    /// Test or live.
    pub mode: Mode,
    /// The phone, whether or not anybody's wallet has it.
    pub phone: Phone,
    /// The latest moments at which a code was sent, oldest first.
    pub sent_at: Vec<Timestamp>,
    /// Raised by one with each change.
    pub version: i64,
}
