//! Look at reserved money again later: it is kept for a merchant who has not taken it yet.

use rand_core::Rng;
use std::convert::Infallible;

use super::Decide;
use crate::changes::Changes;
use crate::hold::HoldState;
use crate::ids::HoldId;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Look at reserved money again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutOffHold {
    /// The hold.
    pub hold: HoldId,
    /// When to look at it.
    pub until: Timestamp,
}

impl Decide for PutOffHold {
    type Answer = ();
    type Refusal = Infallible;

    fn keys(&self, keys: &mut Keys) {
        keys.holds.insert(self.hold);
    }

    fn decide(
        &self,
        see: &Snapshot,
        _now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<((), Changes), Infallible> {
        let open = see.holds.get(&self.hold).filter(|hold| hold.state == HoldState::Open);
        let holds = open.map(|hold| hold.put_off(self.until)).into_iter().collect();
        Ok(((), Changes { holds, ..Changes::none() }))
    }
}
