//! The steps that tell the world: events, their deliveries, and how receivers take them.

use qisma_domain::delivery::{Delivery, LearnedMethod};

use super::connection::Step;
use super::param::{Id, Param};
use super::plan::{Plan, Steps, apart, column};
use super::sets;
use crate::rows::delivery_state_at;

impl Plan {
    pub(super) fn events<'p>(&'p self, steps: &mut Steps<'p>) {
        let events = &self.changes.events;
        steps.push(Step {
            sql: sets::INSERT_EVENT,
            rows: events.len(),
            what: "events",
            params: vec![
                column!(Shards, events, |event| event.id.shard().0.into()),
                column!(Ids, events, |event| Id(*event.id.as_bytes())),
                column!(Ids, events, |event| Id(*event.payment.as_bytes())),
                column!(Numbers, events, |event| event.sequence),
                column!(Texts, events, |event| event.kind.as_str()),
                column!(Texts, events, |event| event.body.as_str()),
                column!(Numbers, events, |event| event.at.micros()),
            ],
        });
    }

    pub(super) fn deliveries<'p>(&'p self, steps: &mut Steps<'p>) {
        let (new, old) = apart(&self.deliveries);
        steps.push(Step {
            sql: sets::UPDATE_DELIVERY,
            rows: old.len(),
            what: "deliveries",
            params: vec![
                column!(Shards, old, |write| write.row.id.shard().0.into()),
                column!(Ids, old, |write| Id(*write.row.id.as_bytes())),
                column!(Texts, old, |write| write.row.method.as_str()),
                column!(Texts, old, |write| write.row.state.as_str()),
                column!(Numbers, old, |write| delivery_state_at(&write.row.state).micros()),
                column!(Numbers, old, |write| i64::from(write.row.tries)),
                column!(MaybeTexts, old, |write| write.row.last_result.as_deref()),
                column!(Truths, old, |write| write.row.replay),
                column!(Numbers, old, |write| write.row.version),
                column!(Numbers, old, |write| write.expected_version),
            ],
        });
        let new: Vec<&Delivery> = new.into_iter().map(|write| &write.row).collect();
        steps.push(Step {
            sql: sets::INSERT_DELIVERY,
            rows: new.len(),
            what: "new deliveries",
            params: vec![
                column!(Shards, new, |row| row.id.shard().0.into()),
                column!(Ids, new, |row| Id(*row.id.as_bytes())),
                column!(Ids, new, |row| Id(*row.event.as_bytes())),
                column!(Ids, new, |row| Id(*row.payment.as_bytes())),
                column!(Ids, new, |row| Id(*row.app.as_bytes())),
                column!(Texts, new, |row| row.url.as_str()),
                column!(Texts, new, |row| row.post_url.as_str()),
                column!(Texts, new, |row| row.origin.as_str()),
                column!(Texts, new, |row| row.method.as_str()),
                column!(Texts, new, |row| row.state.as_str()),
                column!(Numbers, new, |row| delivery_state_at(&row.state).micros()),
                column!(Numbers, new, |row| i64::from(row.tries)),
                column!(MaybeTexts, new, |row| row.last_result.as_deref()),
                column!(Truths, new, |row| row.replay),
                column!(Numbers, new, |row| row.created_at.micros()),
                column!(Numbers, new, |row| row.version),
            ],
        });
    }

    pub(super) fn learned<'p>(&'p self, steps: &mut Steps<'p>) {
        let learned: Vec<&LearnedMethod> = self.learned.values().collect();
        steps.push(Step {
            sql: sets::PUT_LEARNED_METHOD,
            rows: learned.len(),
            what: "learned methods",
            params: vec![
                column!(Shards, learned, |row| row.app.shard().0.into()),
                column!(Ids, learned, |row| Id(*row.app.as_bytes())),
                column!(Texts, learned, |row| row.origin.as_str()),
                column!(Texts, learned, |row| row.method.as_str()),
            ],
        });
    }
}
