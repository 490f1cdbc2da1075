//! What a batch's changes come to on a server: the steps of one transaction, in an order in which no
//! foreign key is ahead of its row, and in which all batches lock alike; the balances come last.

use qisma_domain::attempt::Attempt;
use qisma_domain::binding::ClientRef;
use qisma_domain::challenge::Challenge;
use qisma_domain::changes::Changes;
use qisma_domain::decide::prune_keys::forgotten_before;
use qisma_domain::delivery::{Delivery, LearnedMethod};
use qisma_domain::hold::Hold;
use qisma_domain::idempotency::IdempotencyScope;
use qisma_domain::ids::{AccountId, AppId};
use qisma_domain::link::Link;
use qisma_domain::payment::Payment;
use qisma_domain::refund::Refund;
use qisma_domain::terminal::TerminalId;
use qisma_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::mem::take;
use std::sync::Arc;

use super::fence;
use super::param::{Id, Param};
use super::people::People;
use super::sets;
use super::step::Step;
use crate::fold::{Delta, Write, fold_books, fold_rows};
use crate::leases::{Fence, Tenure};
use crate::rows::{MoneyColumns, payment_state_columns, settlement_columns};

/// A batch's changes, folded: one write a row.
pub(super) struct Plan {
    pub(super) changes: Changes,
    people: People,
    payments: Vec<Write<Payment>>,
    attempts: Vec<Write<Attempt>>,
    challenges: Vec<Write<Challenge>>,
    pub(super) refunds: Vec<Write<Refund>>,
    pub(super) deliveries: Vec<Write<Delivery>>,
    pub(super) learned: BTreeMap<(AppId, String), LearnedMethod>,
    pub(super) deltas: BTreeMap<AccountId, Delta>,
    pub(super) holds: Vec<Write<Hold>>,
    fences: Vec<Arc<Tenure>>,
    /// A key that was made anew meanwhile is not the one to be forgotten.
    pruned_before: Timestamp,
}

pub(super) type Steps<'p> = Vec<Step<'p>>;

/// What an attempt's card says in columns of its own.
#[derive(Default)]
struct CardColumns<'c> {
    order_number: Option<&'c str>,
    next_look_us: Option<i64>,
    needs_operator: bool,
}

fn card_of(attempt: &Attempt) -> CardColumns<'_> {
    attempt.card().map_or_else(CardColumns::default, |card| CardColumns {
        order_number: Some(&card.order_number),
        next_look_us: card.next_look_at.map(Timestamp::micros),
        needs_operator: card.needs_operator,
    })
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain structs are JSON")
}

/// The rows that are new, and those that replace another version.
pub(super) fn apart<T>(writes: &[Write<T>]) -> (Vec<&Write<T>>, Vec<&Write<T>>) {
    writes.iter().partition(|write| write.expected_version == 0)
}

/// A column: what each row has there.
macro_rules! column {
    ($kind:ident, $rows:expr, $of:expr) => {
        Param::$kind($rows.iter().map($of).collect())
    };
}
pub(super) use column;

impl Plan {
    pub(super) fn of(mut changes: Changes, fences: &[Fence], now: Timestamp) -> Self {
        let deltas = fold_books(&changes);
        let holds = take(&mut changes.holds);
        let holds = fold_rows(holds, |row| (row.id.shard(), row.id), |row| row.version);
        let payments = fold_rows(take(&mut changes.payments), |row| row.id, |row| row.version);
        let attempts = take(&mut changes.attempts);
        let attempts = fold_rows(attempts, |row| (row.payment, row.number), |row| row.version);
        let challenges = fold_rows(take(&mut changes.challenges), |row| row.id, |row| row.version);
        let refunds = take(&mut changes.refunds);
        let refunds = fold_rows(refunds, |row| (row.payment, row.number), |row| row.version);
        let deliveries = fold_rows(take(&mut changes.deliveries), |row| row.id, |row| row.version);
        let learned = take(&mut changes.learned).into_iter();
        let learned = learned.map(|row| ((row.app, row.origin.clone()), row)).collect();
        changes.idempotency.sort_by(|one, other| one.scope.cmp(&other.scope));
        changes.idempotency_pruned.sort();
        let people = People::of(&mut changes);
        let fences = fence::tenures(fences);
        let pruned_before = forgotten_before(now);
        Self {
            changes,
            people,
            payments,
            attempts,
            challenges,
            refunds,
            deliveries,
            learned,
            deltas,
            holds,
            fences,
            pruned_before,
        }
    }

    /// The shard of the batch's marker: one that the batch writes to anyway.
    pub(super) fn shard(&self) -> u8 {
        let payment = self.payments.first().map(|write| write.row.id);
        let payment = payment.or_else(|| self.attempts.first().map(|write| write.row.payment));
        let payment = payment.or_else(|| self.refunds.first().map(|write| write.row.payment));
        let delivery = self.deliveries.first().map(|write| write.row.id.shard());
        let line = self.changes.folded.first().map(|line| line.account.id().shard());
        let waiting = self.changes.no_longer_unfolded.first().map(|line| line.entry.shard());
        let hold = self.holds.first().map(|write| write.row.id.shard());
        let of_books = || line.or(waiting).or(hold);
        payment.map(|id| id.shard()).or(delivery).or_else(of_books).map_or(0, |shard| shard.0)
    }

    /// The steps, without those that would touch nothing.
    pub(super) fn steps(&self) -> Steps<'_> {
        let mut steps = vec![fence::step(&self.fences)];
        steps.extend(self.people.steps());
        self.payments(&mut steps);
        self.attempts(&mut steps);
        self.challenges(&mut steps);
        self.refunds(&mut steps);
        self.idempotency(&mut steps);
        self.entries(&mut steps);
        self.unfolded_lines(&mut steps);
        self.holds(&mut steps);
        self.account_lines(&mut steps);
        self.events(&mut steps);
        self.deliveries(&mut steps);
        self.learned(&mut steps);
        self.accounts(&mut steps);
        steps.retain(|step| 0 < step.rows);
        steps
    }

    fn payments<'p>(&'p self, steps: &mut Steps<'p>) {
        let (new, old) = apart(&self.payments);
        steps.push(Step {
            sql: sets::UPDATE_PAYMENT,
            rows: old.len(),
            what: "payments",
            params: vec![
                column!(Shards, old, |write| write.row.id.shard().0.into()),
                column!(Ids, old, |write| Id(*write.row.id.as_bytes())),
                column!(Texts, old, |write| write.row.state.as_str()),
                column!(MaybeNumbers, old, |write| payment_state_columns(&write.row.state)
                    .0
                    .map(i64::from)),
                column!(MaybeTexts, old, |write| payment_state_columns(&write.row.state).1),
                column!(MaybeNumbers, old, |write| payment_state_columns(&write.row.state).2),
                column!(Numbers, old, |write| write.row.updated_at.micros()),
                column!(Numbers, old, |write| write.row.sequence),
                column!(Numbers, old, |write| write.row.version),
                column!(Numbers, old, |write| write.expected_version),
                column!(MaybeNumbers, old, |write| settlement_columns(&write.row).0),
                column!(Truths, old, |write| settlement_columns(&write.row).1),
                column!(MaybeNumbers, old, |write| MoneyColumns::of(&write.row).captured_millimes),
                column!(MaybeOwnTexts, old, |write| MoneyColumns::of(&write.row).authorized),
                column!(MaybeNumbers, old, |write| MoneyColumns::of(&write.row).look_us),
            ],
        });
        let new: Vec<&Payment> = new.into_iter().map(|write| &write.row).collect();
        steps.push(Step {
            sql: sets::INSERT_PAYMENT,
            rows: new.len(),
            what: "new payments",
            params: vec![
                column!(Shards, new, |row| row.id.shard().0.into()),
                column!(Ids, new, |row| Id(*row.id.as_bytes())),
                column!(Numbers, new, |row| row.merchant.number()),
                column!(Ids, new, |row| Id(*row.app.as_bytes())),
                column!(Texts, new, |row| row.mode.as_str()),
                column!(Numbers, new, |row| row.amount.millimes()),
                column!(Texts, new, |row| row.currency.code()),
                column!(Texts, new, |row| row.state.as_str()),
                column!(MaybeNumbers, new, |row| payment_state_columns(&row.state)
                    .0
                    .map(i64::from)),
                column!(MaybeTexts, new, |row| payment_state_columns(&row.state).1),
                column!(MaybeNumbers, new, |row| payment_state_columns(&row.state).2),
                column!(Numbers, new, |row| row.created_at.micros()),
                column!(Numbers, new, |row| row.updated_at.micros()),
                column!(Numbers, new, |row| row.expires_at.micros()),
                column!(MaybeTexts, new, |row| row.success_link.as_ref().map(Link::as_str)),
                column!(MaybeTexts, new, |row| row.fail_link.as_ref().map(Link::as_str)),
                column!(MaybeTexts, new, |row| row.webhook.as_ref().map(Link::as_str)),
                column!(MaybeTexts, new, |row| row.developer_tracking_id.as_deref()),
                column!(Truths, new, |row| row.accept_card),
                column!(MaybeTexts, new, |row| row.image_url.as_ref().map(Link::as_str)),
                column!(Numbers, new, |row| row.sequence),
                column!(Numbers, new, |row| row.version),
                column!(Texts, new, |row| row.channel.as_str()),
                column!(MaybeTexts, new, |row| row.channel.terminal().map(TerminalId::as_str)),
                column!(MaybeOwnTexts, new, |row| row.fee_plan.as_ref().map(json)),
                column!(MaybeNumbers, new, |row| settlement_columns(row).0),
                column!(Truths, new, |row| settlement_columns(row).1),
                column!(MaybeTexts, new, |row| row.client.as_ref().map(ClientRef::as_str)),
                column!(MaybeNumbers, new, |row| MoneyColumns::of(row).captured_millimes),
                column!(MaybeNumbers, new, |row| row.hold_secs),
                column!(MaybeOwnTexts, new, |row| MoneyColumns::of(row).authorized),
                column!(MaybeNumbers, new, |row| MoneyColumns::of(row).look_us),
            ],
        });
        self.legs(&new, steps);
    }

    fn legs<'p>(&'p self, new: &[&'p Payment], steps: &mut Steps<'p>) {
        let legs: Vec<_> =
            new.iter().flat_map(|row| row.legs.iter().map(|leg| (row.id, leg))).collect();
        steps.push(Step {
            sql: sets::INSERT_LEG,
            rows: legs.len(),
            what: "legs",
            params: vec![
                column!(Shards, legs, |(payment, _)| payment.shard().0.into()),
                column!(Ids, legs, |(payment, _)| Id(*payment.as_bytes())),
                column!(Numbers, legs, |(_, leg)| i64::from(leg.number)),
                column!(Numbers, legs, |(_, leg)| leg.destination.number()),
                column!(Numbers, legs, |(_, leg)| leg.amount.millimes()),
                column!(Texts, legs, |(_, leg)| leg.kind.as_str()),
            ],
        });
        let shares = &self.changes.leg_shares;
        steps.push(Step {
            sql: sets::UPDATE_LEG,
            rows: shares.len(),
            what: "shares of legs",
            params: vec![
                column!(Shards, shares, |share| share.payment.shard().0.into()),
                column!(Ids, shares, |share| Id(*share.payment.as_bytes())),
                column!(Numbers, shares, |share| share.leg.into()),
                column!(Numbers, shares, |share| share.amount.millimes()),
            ],
        });
    }

    /// An attempt ends before the next one of its payment begins: only one may be open.
    fn attempts<'p>(&'p self, steps: &mut Steps<'p>) {
        let (new, old) = apart(&self.attempts);
        steps.push(Step {
            sql: sets::UPDATE_ATTEMPT,
            rows: old.len(),
            what: "attempts",
            params: vec![
                column!(Shards, old, |write| write.row.payment.shard().0.into()),
                column!(Ids, old, |write| Id(*write.row.payment.as_bytes())),
                column!(Numbers, old, |write| write.row.number.into()),
                column!(Texts, old, |write| write.row.state.as_str()),
                column!(OwnTexts, old, |write| json(&write.row.state)),
                column!(OwnTexts, old, |write| json(&write.row.rail)),
                column!(MaybeNumbers, old, |write| card_of(&write.row).next_look_us),
                column!(Truths, old, |write| card_of(&write.row).needs_operator),
                column!(Numbers, old, |write| write.row.updated_at.micros()),
                column!(Numbers, old, |write| write.row.version),
                column!(Numbers, old, |write| write.expected_version),
            ],
        });
        let new: Vec<&Attempt> = new.into_iter().map(|write| &write.row).collect();
        steps.push(Step {
            sql: sets::INSERT_ATTEMPT,
            rows: new.len(),
            what: "new attempts",
            params: vec![
                column!(Shards, new, |row| row.payment.shard().0.into()),
                column!(Ids, new, |row| Id(*row.payment.as_bytes())),
                column!(Numbers, new, |row| row.number.into()),
                column!(Texts, new, |row| row.state.as_str()),
                column!(OwnTexts, new, |row| json(&row.state)),
                column!(OwnTexts, new, |row| json(&row.rail)),
                column!(MaybeTexts, new, |row| card_of(row).order_number),
                column!(MaybeNumbers, new, |row| card_of(row).next_look_us),
                column!(Truths, new, |row| card_of(row).needs_operator),
                column!(Numbers, new, |row| row.started_at.micros()),
                column!(Numbers, new, |row| row.updated_at.micros()),
                column!(Numbers, new, |row| row.version),
            ],
        });
    }

    fn challenges<'p>(&'p self, steps: &mut Steps<'p>) {
        let (new, old) = apart(&self.challenges);
        steps.push(Step {
            sql: sets::UPDATE_CHALLENGE,
            rows: old.len(),
            what: "codes",
            params: vec![
                column!(Shards, old, |write| write.row.payment.shard().0.into()),
                column!(Ids, old, |write| Id(*write.row.payment.as_bytes())),
                column!(Ids, old, |write| Id(*write.row.id.as_bytes())),
                column!(Numbers, old, |write| write.row.tries),
                column!(Truths, old, |write| write.row.ended),
                column!(Numbers, old, |write| write.row.version),
                column!(Numbers, old, |write| write.expected_version),
            ],
        });
        let new: Vec<&Challenge> = new.into_iter().map(|write| &write.row).collect();
        steps.push(Step {
            sql: sets::INSERT_CHALLENGE,
            rows: new.len(),
            what: "new codes",
            params: vec![
                column!(Shards, new, |row| row.payment.shard().0.into()),
                column!(Ids, new, |row| Id(*row.id.as_bytes())),
                column!(Ids, new, |row| Id(*row.payment.as_bytes())),
                column!(Numbers, new, |row| row.attempt.into()),
                column!(Bytes, new, |row| row.code_hash.as_slice()),
                column!(Numbers, new, |row| row.sent_at.micros()),
                column!(Numbers, new, |row| row.expires_at.micros()),
                column!(Numbers, new, |row| row.tries),
                column!(Truths, new, |row| row.ended),
                column!(Numbers, new, |row| row.version),
            ],
        });
    }

    fn idempotency<'p>(&'p self, steps: &mut Steps<'p>) {
        let pruned = &self.changes.idempotency_pruned;
        steps.push(Step {
            sql: sets::DELETE_IDEMPOTENCY_KEY,
            rows: pruned.len(),
            what: "old idempotency keys",
            params: vec![
                column!(Shards, pruned, |scope| scope.shard().0.into()),
                column!(Numbers, pruned, |scope| scope.merchant.number()),
                column!(Texts, pruned, |scope| scope.mode.as_str()),
                column!(OwnTexts, pruned, IdempotencyScope::about_text),
                column!(Texts, pruned, |scope| scope.key.as_str()),
                Param::Number(self.pruned_before.micros()),
            ],
        });
        let new = &self.changes.idempotency;
        steps.push(Step {
            sql: sets::INSERT_IDEMPOTENCY_KEY,
            rows: new.len(),
            what: "idempotency keys",
            params: vec![
                column!(Shards, new, |row| row.scope.shard().0.into()),
                column!(Numbers, new, |row| row.scope.merchant.number()),
                column!(Texts, new, |row| row.scope.mode.as_str()),
                column!(OwnTexts, new, |row| row.scope.about_text()),
                column!(Texts, new, |row| row.scope.key.as_str()),
                column!(Bytes, new, |row| row.fingerprint.as_slice()),
                column!(Ids, new, |row| Id(*row.payment.as_bytes())),
                column!(Texts, new, |row| row.answer.as_str()),
                column!(Texts, new, |row| row.request_id.as_str()),
                column!(Numbers, new, |row| row.created_at.micros()),
                column!(Texts, new, |row| row.route.as_str()),
            ],
        });
    }
}
