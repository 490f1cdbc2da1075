//! Reserve money of an account for an attempt, before the payment is captured in its own shard. Asked
//! for twice it is reserved once.

use rand_core::Rng;
use std::convert::Infallible;

use super::Decide;
use crate::account::Account;
use crate::changes::Changes;
use crate::hold::{Hold, HoldState};
use crate::ids::{HoldId, PaymentId};
use crate::limits;
use crate::money::Amount;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Reserve money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceHold {
    /// Whose money.
    pub account: Account,
    /// How much.
    pub amount: Amount,
    /// The payment that wants it.
    pub payment: PaymentId,
    /// The payment's attempt, whose code was right.
    pub attempt: u16,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldAnswer {
    /// The money is there for this attempt, and for nothing else.
    Held,
    /// There is not enough that is free.
    InsufficientFunds,
    /// It was reserved and is free again: the attempt has ended.
    Released,
}

impl PlaceHold {
    /// The hold's id.
    pub fn id(&self) -> HoldId {
        HoldId::of(&self.account.id(), &self.payment, self.attempt)
    }
}

impl Decide for PlaceHold {
    type Answer = HoldAnswer;
    type Refusal = Infallible;

    fn keys(&self, keys: &mut Keys) {
        keys.holds.insert(self.id());
        keys.balances.insert(self.account.id());
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(HoldAnswer, Changes), Infallible> {
        let mut changes = Changes::none();
        if let Some(known) = see.holds.get(&self.id()) {
            let answer = match known.state {
                HoldState::Open | HoldState::Posted => HoldAnswer::Held,
                HoldState::Released => HoldAnswer::Released,
            };
            return Ok((answer, changes));
        }
        let balance = see.balances.get(&self.account.id()).copied().unwrap_or_default();
        if balance.available_millimes() < self.amount.millimes() {
            return Ok((HoldAnswer::InsufficientFunds, changes));
        }
        changes.holds.push(Hold {
            id: self.id(),
            account: self.account,
            amount: self.amount,
            payment: self.payment,
            attempt: self.attempt,
            state: HoldState::Open,
            opened_at: now,
            look_at: now.plus_secs(limits::HOLD_LOOK_SECS),
            version: 1,
        });
        Ok((HoldAnswer::Held, changes))
    }
}
