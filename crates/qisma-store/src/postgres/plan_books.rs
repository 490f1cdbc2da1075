//! The steps of the books: entries and their lines, what is held, and last the balances.

use qisma_domain::ids::AccountId;
use qisma_domain::journal::{JournalEntry, UnfoldedLine};

use super::param::{Id, Param};
use super::plan::{Plan, Steps, apart, column};
use super::sets;
use super::sql;
use super::step::Step;
use crate::fold::Delta;

impl Plan {
    pub(super) fn entries<'p>(&'p self, steps: &mut Steps<'p>) {
        let entries = &self.changes.entries;
        steps.push(Step {
            sql: sets::INSERT_ENTRY,
            rows: entries.len(),
            what: "journal entries",
            params: vec![
                column!(Shards, entries, |entry| entry.id.shard().0.into()),
                column!(Ids, entries, |entry| Id(*entry.id.as_bytes())),
                column!(Texts, entries, |entry| entry.kind.as_str()),
                column!(Texts, entries, |entry| entry.reference.as_str()),
                column!(MaybeIds, entries, |entry| entry.payment.map(|id| Id(*id.as_bytes()))),
                column!(Texts, entries, |entry| entry.postings.mode().as_str()),
                column!(Texts, entries, |entry| entry.postings.currency().code()),
                column!(Numbers, entries, |entry| entry.at.micros()),
            ],
        });
        let lines: Vec<_> = entries
            .iter()
            .flat_map(|entry| {
                (1_i64..)
                    .zip(entry.postings.lines())
                    .map(|(line, posting)| (entry.id, line, posting.account.id(), posting))
            })
            .collect();
        steps.push(Step {
            sql: sets::INSERT_POSTING,
            rows: lines.len(),
            what: "postings",
            params: vec![
                column!(Shards, lines, |line| line.0.shard().0.into()),
                column!(Ids, lines, |line| Id(*line.0.as_bytes())),
                column!(Numbers, lines, |line| line.1),
                column!(Shards, lines, |line| line.2.shard().0.into()),
                column!(Ids, lines, |line| Id(*line.2.as_bytes())),
                column!(Numbers, lines, |line| line.3.amount_millimes),
            ],
        });
    }

    /// Last in the transaction, so that hot accounts are locked for as short as can be; in the order
    /// of shard and id. The guard in the statement stands on accounts that may not fall below zero.
    pub(super) fn accounts<'p>(&'p self, steps: &mut Steps<'p>) {
        let mut deltas: Vec<(AccountId, &Delta)> =
            self.deltas.iter().map(|(id, delta)| (*id, delta)).collect();
        deltas.sort_by_key(|(id, _)| (id.shard().0, *id));
        let needed: Vec<_> = deltas.iter().filter(|(_, delta)| delta.need_millimes != 0).collect();
        // No account is ever deleted, so one that is seen here is there in the next statement.
        steps.push(Step {
            sql: sql::LOAD_BALANCES,
            rows: needed.len(),
            what: "accounts that something is taken from",
            params: vec![
                column!(Shards, needed, |(id, _)| id.shard().0.into()),
                column!(Ids, needed, |(id, _)| Id(*id.as_bytes())),
            ],
        });
        steps.push(Step {
            sql: sets::ADD_TO_ACCOUNT,
            rows: deltas.len(),
            what: "accounts with enough in them",
            params: vec![
                column!(Shards, deltas, |(id, _)| id.shard().0.into()),
                column!(Ids, deltas, |(id, _)| Id(*id.as_bytes())),
                column!(OwnTexts, deltas, |(_, delta)| delta.account.owner_text()),
                column!(Texts, deltas, |(_, delta)| delta.account.kind.as_str()),
                column!(Texts, deltas, |(_, delta)| delta.account.mode.as_str()),
                column!(Texts, deltas, |(_, delta)| delta.account.currency.code()),
                column!(Numbers, deltas, |(_, delta)| delta.posted_millimes),
                column!(Numbers, deltas, |(_, delta)| delta.held_millimes),
                column!(Numbers, deltas, |(_, delta)| delta.need_millimes),
            ],
        });
    }

    /// What waits for its fold. A batch that folds its own entries writes none.
    pub(super) fn unfolded_lines<'p>(&'p self, steps: &mut Steps<'p>) {
        let entries = self.changes.entries.iter();
        let new: Vec<_> = entries
            .flat_map(JournalEntry::unfolded_lines)
            .map(|line| (line, line.account.id()))
            .collect();
        steps.push(Step {
            sql: sets::INSERT_UNFOLDED_LINE,
            rows: new.len(),
            what: "lines to be folded",
            params: vec![
                column!(Shards, new, |(line, _)| line.key.entry.shard().0.into()),
                column!(Ids, new, |(line, _)| Id(*line.key.entry.as_bytes())),
                column!(Numbers, new, |(line, _)| line.key.line),
                column!(Shards, new, |(_, account)| account.shard().0.into()),
                column!(Ids, new, |(_, account)| Id(*account.as_bytes())),
                column!(OwnTexts, new, |(line, _)| line.account.owner_text()),
                column!(Texts, new, |(line, _)| line.account.kind.as_str()),
                column!(Texts, new, |(line, _)| line.account.mode.as_str()),
                column!(Texts, new, |(line, _)| line.account.currency.code()),
                column!(Numbers, new, |(line, _)| line.amount_millimes),
                column!(MaybeIds, new, |(line, _)| line.hold.map(|id| Id(*id.as_bytes()))),
                column!(Numbers, new, |(line, _)| line.at.micros()),
            ],
        });
        let mut done: Vec<_> = self.changes.no_longer_unfolded.iter().collect();
        done.sort_by_key(|line| (line.entry.shard(), **line));
        steps.push(Step {
            sql: sets::DELETE_UNFOLDED_LINE,
            rows: done.len(),
            what: "folded lines",
            params: vec![
                column!(Shards, done, |line| line.entry.shard().0.into()),
                column!(Ids, done, |line| Id(*line.entry.as_bytes())),
                column!(Numbers, done, |line| line.line),
            ],
        });
    }

    /// Lines that are added to their accounts: each is there once, so none is added twice.
    pub(super) fn account_lines<'p>(&'p self, steps: &mut Steps<'p>) {
        let mut lines: Vec<(AccountId, &UnfoldedLine)> =
            self.changes.folded.iter().map(|line| (line.account.id(), line)).collect();
        lines.sort_by_key(|(account, line)| (account.shard(), *account, line.key));
        // What waits was read on a server that may have lost it since: the one that commits the fold
        // must know of it. A statement of its own, because it is about other shards than the next.
        steps.push(Step {
            sql: sql::LOAD_UNFOLDED_LINES,
            rows: lines.len(),
            what: "lines that wait for their fold",
            params: vec![
                column!(Shards, lines, |(_, line)| line.key.entry.shard().0.into()),
                column!(Ids, lines, |(_, line)| Id(*line.key.entry.as_bytes())),
                column!(Numbers, lines, |(_, line)| line.key.line),
            ],
        });
        steps.push(Step {
            sql: sets::INSERT_ACCOUNT_LINE,
            rows: lines.len(),
            what: "lines of accounts",
            params: vec![
                column!(Shards, lines, |(account, _)| account.shard().0.into()),
                column!(Ids, lines, |(account, _)| Id(*account.as_bytes())),
                column!(Ids, lines, |(_, line)| Id(*line.key.entry.as_bytes())),
                column!(Numbers, lines, |(_, line)| line.key.line),
                column!(Numbers, lines, |(_, line)| line.amount_millimes),
                column!(Numbers, lines, |(_, line)| line.at.micros()),
            ],
        });
    }

    pub(super) fn holds<'p>(&'p self, steps: &mut Steps<'p>) {
        let (new, old) = apart(&self.holds);
        steps.push(Step {
            sql: sets::UPDATE_HOLD,
            rows: old.len(),
            what: "holds",
            params: vec![
                column!(Shards, old, |write| write.row.id.shard().0.into()),
                column!(Ids, old, |write| Id(*write.row.id.as_bytes())),
                column!(Texts, old, |write| write.row.state.as_str()),
                column!(Numbers, old, |write| write.row.version),
                column!(Numbers, old, |write| write.expected_version),
                column!(Numbers, old, |write| write.row.look_at.micros()),
            ],
        });
        steps.push(Step {
            sql: sets::INSERT_HOLD,
            rows: new.len(),
            what: "new holds",
            params: vec![
                column!(Shards, new, |write| write.row.id.shard().0.into()),
                column!(Ids, new, |write| Id(*write.row.id.as_bytes())),
                column!(Ids, new, |write| Id(*write.row.account.id().as_bytes())),
                column!(OwnTexts, new, |write| write.row.account.owner_text()),
                column!(Texts, new, |write| write.row.account.kind.as_str()),
                column!(Texts, new, |write| write.row.account.mode.as_str()),
                column!(Texts, new, |write| write.row.account.currency.code()),
                column!(Numbers, new, |write| write.row.amount.millimes()),
                column!(Ids, new, |write| Id(*write.row.payment.as_bytes())),
                column!(Numbers, new, |write| write.row.attempt.into()),
                column!(Texts, new, |write| write.row.state.as_str()),
                column!(Numbers, new, |write| write.row.opened_at.micros()),
                column!(Numbers, new, |write| write.row.version),
                column!(Numbers, new, |write| write.row.look_at.micros()),
            ],
        });
    }
}
