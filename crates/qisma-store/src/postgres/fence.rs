//! The step that keeps out what a worker writes for a shard that another gateway has taken over.

use std::sync::Arc;

use super::param::{Id, Param};
use super::plan::column;
use super::sets;
use super::step::Step;
use crate::leases::{Fence, Tenure};

/// What its rows are called.
pub(super) const LEASES: &str = "leases that are still held";

/// What has to stand, in the order of shards.
pub(super) fn tenures(fences: &[Fence]) -> Vec<Arc<Tenure>> {
    let mut tenures: Vec<_> = fences.iter().filter_map(Fence::tenure).cloned().collect();
    tenures.sort_by_key(|tenure| (tenure.shard, tenure.epoch));
    tenures.dedup_by_key(|tenure| (tenure.shard, tenure.epoch));
    tenures
}

/// Before all else, and with the rows locked: once another gateway has a shard, nothing that was done
/// for it here can be committed any more.
pub(super) fn step(tenures: &[Arc<Tenure>]) -> Step<'static> {
    Step {
        sql: sets::HOLD_LEASE,
        rows: tenures.len(),
        what: LEASES,
        params: vec![
            column!(Shards, tenures, |tenure| tenure.shard.into()),
            column!(Ids, tenures, |tenure| Id(tenure.owner)),
            column!(Numbers, tenures, |tenure| tenure.epoch),
            column!(Numbers, tenures, |_| 0),
        ],
    }
}
