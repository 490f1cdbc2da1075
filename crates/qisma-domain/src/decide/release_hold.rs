//! Free reserved money whose attempt has ended without taking it. An attempt that is open can still be
//! captured, and what is held for the merchant stays, so its end is looked at once more, where the hold is freed: whoever asks may have seen an
//! end that a failover has undone.

use rand_core::Rng;
use std::convert::Infallible;

use super::Decide;
use crate::changes::Changes;
use crate::hold::HoldState;
use crate::ids::{HoldId, PaymentId};
use crate::payment::PaymentState;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Free reserved money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseHold {
    /// The hold.
    pub hold: HoldId,
    /// The payment it is for.
    pub payment: PaymentId,
    /// The payment's attempt.
    pub attempt: u16,
}

impl Decide for ReleaseHold {
    /// Whether this freed it: a hold that is not there, or has ended, is left as it is.
    type Answer = bool;
    type Refusal = Infallible;

    fn keys(&self, keys: &mut Keys) {
        keys.holds.insert(self.hold);
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        _now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(bool, Changes), Infallible> {
        let found = see.payments.get(&self.payment);
        let attempt = found.and_then(|found| found.attempt(self.attempt));
        let is_kept = found.is_some_and(|found| found.payment.state == PaymentState::Authorized);
        let is_ended = !is_kept && attempt.is_none_or(|attempt| !attempt.state.is_open());
        let open =
            see.holds.get(&self.hold).filter(|hold| is_ended && hold.state == HoldState::Open);
        let holds = open.map(|hold| hold.ended(HoldState::Released)).into_iter().collect();
        Ok((open.is_some(), Changes { holds, ..Changes::none() }))
    }
}
