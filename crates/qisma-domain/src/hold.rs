//! Holds: money of an account that is reserved for one attempt to pay, from the right code until the
//! capture has reached the account's balance (ADR 0018); or, where the merchant takes the money later, until
//! it does or lets it go (ADR 0024).

use crate::account::Account;
use crate::ids::{HoldId, PaymentId};
use crate::money::Amount;
use crate::time::Timestamp;

/// What has become of reserved money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldState {
    /// Reserved: nothing else may take it.
    Open,
    /// Taken: the posting that it was reserved for has been added to the balance.
    Posted,
    /// Free again: its attempt ended without taking it.
    Released,
}

impl HoldState {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Posted => "posted",
            Self::Released => "released",
        }
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Posted, Self::Released].into_iter().find(|state| state.as_str() == text)
    }
}

/// Reserved money. It lives in the shard of its account, and its attempt in that of the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its id, which follows from account, payment and attempt.
    pub id: HoldId,
    /// Whose money it is.
    pub account: Account,
    /// How much.
    pub amount: Amount,
    /// The payment that it is for.
    pub payment: PaymentId,
    /// The payment's attempt.
    pub attempt: u16,
    /// What has become of it.
    pub state: HoldState,
    /// When it was reserved.
    pub opened_at: Timestamp,
    /// When to look whether anybody still wants it.
    pub look_at: Timestamp,
    /// Raised by one with each change.
    pub version: i64,
}

impl Hold {
    /// The hold as it ends.
    #[must_use]
    pub const fn ended(self, state: HoldState) -> Self {
        Self { state, version: self.version + 1, ..self }
    }

    /// The hold, to be looked at again then.
    #[must_use]
    pub const fn put_off(self, look_at: Timestamp) -> Self {
        Self { look_at, version: self.version + 1, ..self }
    }

    /// By how much becoming what it is has changed what its account holds: a hold is opened once and
    /// ends once.
    pub const fn held_change_millimes(&self) -> i64 {
        match self.state {
            HoldState::Open if 1 < self.version => 0,
            HoldState::Open => self.amount.millimes(),
            HoldState::Posted | HoldState::Released => -self.amount.millimes(),
        }
    }
}
