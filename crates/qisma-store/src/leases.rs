//! Whose work a shard is: webhooks, expiry and looks at banks are done for each shard by one of the
//! gateways that share a server, the one that holds its lease (ADR 0016). A file has one gateway, which
//! does it all.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use qisma_domain::decide::Decide;
use qisma_domain::ids::Shard;
use qisma_domain::time::Timestamp;
use tokio::sync::watch;

use crate::Store;
use crate::error::RunError;

/// For so long before its lease ends a gateway begins nothing more in a shard: the clocks of two
/// gateways may differ by twice what each may differ from the server's.
const MARGIN_US: i64 = 2_000_000;

/// Every shard, for an engine that has one gateway.
const ALL: [i16; 256] = {
    let mut all = [0; 256];
    let mut shard = 0_i16;
    let mut index = 0;
    while index < all.len() {
        all[index] = shard;
        shard += 1;
        index += 1;
    }
    all
};

/// How gateways share a server's work.
#[derive(Clone, Copy, Debug)]
pub struct LeaseOptions {
    /// For how long a gateway that is not heard of keeps its shards, in seconds.
    pub lease_secs: i64,
    /// Whether this gateway's clock has to agree with the server's; one that is moved by hand cannot.
    pub clock_must_agree: bool,
}

impl Default for LeaseOptions {
    fn default() -> Self {
        Self { lease_secs: 15, clock_must_agree: true }
    }
}

/// A shard in one gateway's hands, from when it was claimed until it is lost or given up.
pub(crate) struct Tenure {
    pub(crate) shard: u8,
    pub(crate) owner: [u8; 16],
    pub(crate) epoch: i64,
    lease_us: i64,
    until_us: AtomicI64,
}

impl Tenure {
    pub(crate) const fn new(shard: u8, owner: [u8; 16], epoch: i64, lease_us: i64) -> Self {
        Self { shard, owner, epoch, lease_us, until_us: AtomicI64::new(i64::MIN) }
    }

    /// The lease was renewed by a wish that was sent at this moment.
    pub(crate) fn renew(&self, at: Timestamp) {
        self.until_us.store(at.micros().saturating_add(self.lease_us), Ordering::SeqCst);
    }

    /// The shard is lost, or is about to be given up.
    pub(crate) fn end(&self) {
        self.until_us.store(i64::MIN, Ordering::SeqCst);
    }

    /// Whether it is known for certain that the shard is no longer held in this epoch.
    pub(crate) fn has_ended(&self) -> bool {
        self.until_us.load(Ordering::SeqCst) == i64::MIN
    }

    pub(crate) fn holds(&self, now: Timestamp) -> bool {
        let until_us = self.until_us.load(Ordering::SeqCst);
        // A clock that was set back does not know how much of the lease is left.
        let is_after_renewal = until_us.saturating_sub(self.lease_us) <= now.micros();
        is_after_renewal && now.micros() < until_us.saturating_sub(MARGIN_US)
    }
}

impl fmt::Debug for Tenure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shard {} in epoch {}", self.shard, self.epoch)
    }
}

/// The shards whose work is this gateway's, at the moment they were asked for.
#[derive(Clone, Debug)]
pub struct Shards(Option<Arc<Held>>);

#[derive(Debug)]
struct Held {
    numbers: Vec<i16>,
    tenures: BTreeMap<u8, Arc<Tenure>>,
}

impl Shards {
    /// All of them, for whoever only looks.
    pub const fn all() -> Self {
        Self(None)
    }

    pub(crate) fn of(tenures: BTreeMap<u8, Arc<Tenure>>) -> Self {
        let numbers = tenures.keys().copied().map(i16::from).collect();
        Self(Some(Arc::new(Held { numbers, tenures })))
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.numbers().len()
    }

    /// What has to stand while the work of a shard is done; `None` where it is not ours.
    pub fn fence(&self, shard: Shard) -> Option<Fence> {
        match &self.0 {
            None => Some(Fence::none()),
            Some(held) => held.tenures.get(&shard.0).map(|tenure| Fence(Some(tenure.clone()))),
        }
    }

    pub(crate) fn numbers(&self) -> &[i16] {
        self.0.as_ref().map_or(&ALL, |held| &held.numbers)
    }

    pub(crate) fn are_none(&self) -> bool {
        self.numbers().is_empty()
    }
}

/// What stands as long as a shard's work is this gateway's. While it is kept, the shard is not given
/// up of the gateway's own accord; it may be taken by another all the same, when this one is not heard
/// of for too long.
#[derive(Clone, Debug)]
pub struct Fence(Option<Arc<Tenure>>);

impl Fence {
    /// Of work that anybody may do at any time.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whether the shard is still this gateway's by its own clock: to be asked before anything is done
    /// outside that no transaction can take back.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.0.as_ref().is_none_or(|tenure| tenure.holds(now))
    }

    /// Whether another gateway is known to have the shard, so that nothing need be tried.
    pub(crate) fn is_superseded(&self) -> bool {
        self.0.as_ref().is_some_and(|tenure| tenure.has_ended())
    }

    /// The database has said so.
    pub(crate) fn supersede(&self) {
        if let Some(tenure) = &self.0 {
            tenure.end();
        }
    }

    pub(crate) const fn tenure(&self) -> Option<&Arc<Tenure>> {
        self.0.as_ref()
    }
}

impl Store {
    /// Keeps this gateway's share of the shards: registers it, renews its leases, gives up what is too
    /// much and takes what is free, if it is time for that. Says when it is time again; never for an
    /// engine that is one gateway's.
    pub async fn keep_leases(&self) -> Option<Timestamp> {
        match &self.keeper {
            Some(keeper) => Some(keeper.clone().keep().await),
            None => None,
        }
    }

    /// Wants no shards any more: nothing new is begun, and what is under way is still this gateway's.
    /// [`Self::keep_leases`] has to be called on until [`Self::uses_shards`] says no.
    pub fn retire(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.retire();
        }
    }

    /// Whether something is under way in shards of this gateway.
    pub fn uses_shards(&self) -> bool {
        self.keeper.as_ref().is_some_and(|keeper| keeper.is_any_in_use())
    }

    /// The shards whose work is this gateway's now, by its own clock. None before
    /// [`Self::keep_leases`] was called: a command does no work.
    pub fn owned_shards(&self) -> Shards {
        self.keeper.as_ref().map_or_else(Shards::all, |keeper| keeper.owned())
    }

    /// Tells when shards have come to this gateway, in which something may have been due for long, and
    /// when it is no longer alone, or alone again.
    pub fn shard_changes(&self) -> watch::Receiver<u64> {
        self.shard_changes.clone()
    }

    /// Whether the database is one that gateways may share.
    pub const fn has_leases(&self) -> bool {
        self.keeper.is_some()
    }

    /// Whether other gateways share the work now, whose commits wake nobody here.
    pub fn is_shared(&self) -> bool {
        self.keeper.as_ref().is_some_and(|keeper| keeper.is_shared())
    }

    /// By how much this gateway's clock is behind the server's, in microseconds, if that is too much
    /// for it to hold leases; negative when it is ahead.
    pub fn clock_is_off(&self) -> Option<i64> {
        self.keeper.as_ref().and_then(|keeper| keeper.clock_is_off())
    }

    /// Runs a worker's command for a shard, as [`Self::run_reserved`] does, unless the shard has been
    /// taken over by another gateway: then nothing is written, and the answer is
    /// [`RunError::Superseded`].
    pub async fn run_fenced<D: Decide>(
        &self,
        command: D,
        fence: &Fence,
    ) -> Result<D::Answer, RunError<D::Refusal>> {
        self.lane_of(&command).run(command, true, fence.clone()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn held_for_15_secs() -> Tenure {
        let tenure = Tenure::new(7, [1; 16], 1, 15_000_000);
        tenure.renew(NOW);
        tenure
    }

    #[test]
    fn a_lease_ends_two_seconds_early_for_whoever_holds_it() {
        let tenure = held_for_15_secs();
        assert!(tenure.holds(NOW.plus_secs(13).plus_micros(-1)));
        assert!(!tenure.holds(NOW.plus_secs(13)));
    }

    #[test]
    fn a_clock_that_was_set_back_ends_every_lease() {
        assert!(!held_for_15_secs().holds(NOW.plus_micros(-1)));
    }

    #[test]
    fn a_shard_that_was_given_up_is_not_held() {
        let tenure = held_for_15_secs();
        tenure.end();
        assert!(!tenure.holds(NOW));
    }

    #[test]
    fn all_shards_are_256() {
        assert_eq!((Shards::all().count(), Shards::all().numbers()[255]), (256, 255));
    }
}
