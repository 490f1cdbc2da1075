//! Record what a receiver answered, and when to try again.

use rand_core::Rng;

use super::Decide;
use crate::app::WebhookMode;
use crate::changes::Changes;
use crate::delivery::{Delivery, DeliveryMethod, DeliveryState, LearnedMethod};
use crate::ids::{AppId, DeliveryId};
use crate::retry;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TryResult {
    /// The receiver answered.
    Answered {
        /// With this HTTP status.
        status: u16,
        /// And this wish, in seconds.
        retry_after_secs: Option<i64>,
    },
    /// It did not answer, or may not be asked; the word says why.
    Failed(String),
}

/// Record a try.
#[derive(Clone, Debug)]
pub struct RecordDelivery {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The delivery's version when it was sent: an answer to an older try changes nothing.
    pub version: i64,
    /// The delivery's app and origin, whose way of hearing may be learned.
    pub receiver: (AppId, String),
    /// How it was sent.
    pub method: DeliveryMethod,
    /// The app's mode when it was sent.
    pub webhook_mode: WebhookMode,
    /// What came of it.
    pub result: TryResult,
    /// The key that spreads retries; nobody else can foresee them.
    pub jitter_key: [u8; 32],
}

/// The delivery is gone, or has moved on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryMovedOn;

impl Decide for RecordDelivery {
    type Answer = Delivery;
    type Refusal = DeliveryMovedOn;

    fn keys(&self, keys: &mut Keys) {
        keys.deliveries.insert(self.delivery);
        keys.learned.insert(self.receiver.clone());
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(Delivery, Changes), DeliveryMovedOn> {
        let mut delivery = see.deliveries.get(&self.delivery).ok_or(DeliveryMovedOn)?.clone();
        if delivery.version != self.version {
            return Err(DeliveryMovedOn);
        }
        delivery.tries = delivery.tries.saturating_add(1);
        delivery.version += 1;
        let (result, retry_after_secs) = match &self.result {
            TryResult::Answered { status, retry_after_secs } => {
                (status.to_string(), *retry_after_secs)
            }
            TryResult::Failed(class) => (class.clone(), None),
        };
        delivery.last_result = Some(result);
        let status = match self.result {
            TryResult::Answered { status, .. } => Some(status),
            TryResult::Failed(_) => None,
        };
        let mut changes = Changes::none();
        match status {
            Some(200..=299) => {
                delivery.state = DeliveryState::Delivered { at: now };
                self.learn(see, &mut changes);
            }
            Some(410) => delivery.state = DeliveryState::Gone { at: now },
            _ => {
                if self.webhook_mode == WebhookMode::Auto {
                    // What was learned may have begun with the other method than the row's.
                    let is_refused = matches!(status, Some(404 | 405));
                    delivery.method = if is_refused { self.method.other() } else { self.method };
                }
                let next = retry::next_delivery_at(
                    now,
                    u32::from(delivery.tries),
                    &self.jitter_key,
                    &delivery.id,
                    retry_after_secs,
                );
                delivery.state = next.map_or(DeliveryState::Dead { at: now }, |next_at| {
                    DeliveryState::Pending { next_at }
                });
            }
        }
        changes.deliveries.push(delivery.clone());
        Ok((delivery, changes))
    }
}

impl RecordDelivery {
    /// Remembers what this receiver takes, where the app leaves it open and it is news.
    fn learn(&self, see: &Snapshot, changes: &mut Changes) {
        let known = see.learned.get(&self.receiver).map(|learned| learned.method);
        if self.webhook_mode == WebhookMode::Auto && known != Some(self.method) {
            let (app, origin) = self.receiver.clone();
            changes.learned.push(LearnedMethod { app, origin, method: self.method });
        }
    }
}
