//! Free reserved money whose attempt has ended without taking it. Whoever asks has seen that end
//! committed: an attempt that is open can still be captured.

use rand_core::Rng;
use std::convert::Infallible;

use super::Decide;
use crate::changes::Changes;
use crate::hold::HoldState;
use crate::ids::HoldId;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Free reserved money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseHold {
    /// The hold.
    pub hold: HoldId,
}

impl Decide for ReleaseHold {
    /// Whether this freed it: a hold that is not there, or has ended, is left as it is.
    type Answer = bool;
    type Refusal = Infallible;

    fn keys(&self, keys: &mut Keys) {
        keys.holds.insert(self.hold);
    }

    fn decide(
        &self,
        see: &Snapshot,
        _now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(bool, Changes), Infallible> {
        let open = see.holds.get(&self.hold).filter(|hold| hold.state == HoldState::Open);
        let holds = open.map(|hold| hold.ended(HoldState::Released)).into_iter().collect();
        Ok((open.is_some(), Changes { holds, ..Changes::none() }))
    }
}
