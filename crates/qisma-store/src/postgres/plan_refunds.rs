//! The steps that write refunds and what they take from the legs.

use qisma_domain::refund::Refund;
use qisma_domain::time::Timestamp;

use super::param::{Id, Param};
use super::plan::{Plan, Steps, apart, column, json};
use super::sets;
use super::step::Step;

impl Plan {
    pub(super) fn refunds<'p>(&'p self, steps: &mut Steps<'p>) {
        let (new, old) = apart(&self.refunds);
        steps.push(Step {
            sql: sets::UPDATE_REFUND,
            rows: old.len(),
            what: "refunds",
            params: vec![
                column!(Shards, old, |write| write.row.payment.shard().0.into()),
                column!(Ids, old, |write| Id(*write.row.payment.as_bytes())),
                column!(Numbers, old, |write| write.row.number.into()),
                column!(Texts, old, |write| write.row.state.as_str()),
                column!(OwnTexts, old, |write| json(&write.row.state)),
                column!(MaybeNumbers, old, |write| write.row.next_look_at.map(Timestamp::micros)),
                column!(Numbers, old, |write| write.row.looks.into()),
                column!(Truths, old, |write| write.row.needs_operator),
                column!(Numbers, old, |write| write.row.updated_at.micros()),
                column!(Numbers, old, |write| write.row.version),
                column!(Numbers, old, |write| write.expected_version),
            ],
        });
        let new: Vec<&Refund> = new.into_iter().map(|write| &write.row).collect();
        steps.push(Step {
            sql: sets::INSERT_REFUND,
            rows: new.len(),
            what: "new refunds",
            params: vec![
                column!(Shards, new, |row| row.payment.shard().0.into()),
                column!(Ids, new, |row| Id(*row.payment.as_bytes())),
                column!(Numbers, new, |row| row.number.into()),
                column!(OwnTexts, new, |row| row.id.to_string()),
                column!(Numbers, new, |row| row.amount.millimes()),
                column!(Texts, new, |row| row.state.as_str()),
                column!(OwnTexts, new, |row| json(&row.state)),
                column!(MaybeNumbers, new, |row| row.next_look_at.map(Timestamp::micros)),
                column!(Numbers, new, |row| row.looks.into()),
                column!(Truths, new, |row| row.needs_operator),
                column!(Numbers, new, |row| row.asked_at.micros()),
                column!(Numbers, new, |row| row.updated_at.micros()),
                column!(Numbers, new, |row| row.version),
            ],
        });
        refund_parts(&new, steps);
    }
}

fn refund_parts<'p>(new: &[&'p Refund], steps: &mut Steps<'p>) {
    let parts: Vec<_> =
        new.iter().flat_map(|row| row.parts.iter().map(move |part| (*row, part))).collect();
    steps.push(Step {
        sql: sets::INSERT_REFUND_PART,
        rows: parts.len(),
        what: "parts of refunds",
        params: vec![
            column!(Shards, parts, |(row, _)| row.payment.shard().0.into()),
            column!(Ids, parts, |(row, _)| Id(*row.payment.as_bytes())),
            column!(Numbers, parts, |(row, _)| row.number.into()),
            column!(Numbers, parts, |(_, part)| part.leg.into()),
            column!(Numbers, parts, |(_, part)| part.destination.number()),
            column!(Numbers, parts, |(_, part)| part.amount.millimes()),
            column!(Texts, parts, |(_, part)| part.credited_to.as_str()),
            column!(Numbers, parts, |(_, part)| part.from_credited.millimes()),
            column!(Numbers, parts, |(_, part)| part.from_available.millimes()),
            column!(Numbers, parts, |(_, part)| part.from_debt.millimes()),
        ],
    });
}
