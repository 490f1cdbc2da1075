//! Send a delivery again: an operator asks for it.

use rand_core::Rng;

use super::Decide;
use crate::changes::Changes;
use crate::delivery::{Delivery, DeliveryState};
use crate::ids::DeliveryId;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Send a delivery again, with the same id and body and a schedule of its own.
#[derive(Clone, Debug)]
pub struct ResendDelivery {
    /// The delivery.
    pub delivery: DeliveryId,
}

/// There is no such delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no delivery with this id; `qisma delivery list` shows them")]
pub struct DeliveryNotFound;

impl Decide for ResendDelivery {
    type Answer = Delivery;
    type Refusal = DeliveryNotFound;

    fn keys(&self, keys: &mut Keys) {
        keys.deliveries.insert(self.delivery);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(Delivery, Changes), DeliveryNotFound> {
        let mut delivery = see.deliveries.get(&self.delivery).ok_or(DeliveryNotFound)?.clone();
        delivery.state = DeliveryState::Pending { next_at: now };
        delivery.tries = 0;
        delivery.replay = true;
        delivery.version += 1;
        let mut changes = Changes::none();
        changes.deliveries.push(delivery.clone());
        Ok((delivery, changes))
    }
}
