//! Wallets: money that payers keep with us.

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::ids::{Mode, WalletId};
use crate::limits;
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

/// What a phone has had of codes: the windows that limit them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneWindow {
    /// Test or live.
    pub mode: Mode,
    /// The phone, whether or not anybody's wallet has it.
    pub phone: Phone,
    /// The latest moments at which a code was sent or was wrong.
    pub codes: CodeHistory,
    /// Raised by one with each change.
    pub version: i64,
}

/// The moments that count, oldest first; those that no longer do are dropped with the next change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeHistory {
    /// When codes were sent.
    pub sent_at: Vec<Timestamp>,
    /// When wrong codes were typed, for whichever payment.
    pub wrong_at: Vec<Timestamp>,
}

impl CodeHistory {
    /// What still counts at this moment.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.sent_at.retain(|at| now < at.plus_secs(limits::OTP_PHONE_WINDOW_SECS));
        self.wrong_at.retain(|at| now < at.plus_secs(limits::OTP_WRONG_WINDOW_SECS));
        self
    }

    /// When the phone may be asked for codes again, if it has had its wrong ones.
    pub fn wrong_codes_over(&self) -> Option<Timestamp> {
        let first = self.wrong_at.first()?;
        let used_up = limits::OTP_WRONG_PER_PHONE_MAX <= self.wrong_at.len();
        used_up.then(|| first.plus_secs(limits::OTP_WRONG_WINDOW_SECS))
    }
}
