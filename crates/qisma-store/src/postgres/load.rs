//! Loads the rows that a batch names: one statement for each table that it names rows of, all on
//! their way at once.

use qisma_domain::account::Balance;
use qisma_domain::delivery::LearnedMethod;
use qisma_domain::idempotency::IdempotencyScope;
use qisma_domain::ids::{AccountId, AppId, EntryId, MerchantId, PaymentId};
use qisma_domain::journal::LineKey;
use qisma_domain::snapshot::{Keys, PaymentAggregate, Snapshot};

use super::connection::Connection;
use super::param::{Id, Param};
use super::sql;
use super::trouble::Trouble;
use crate::error::ReadError;
use crate::row::Row;
use crate::{refunds, rows};

type Query<'k> = (&'static str, Vec<Param<'k>>);
type Fill = fn(&mut Snapshot, &Row<'_>) -> Result<(), ReadError>;

/// Why a batch's rows are not at hand.
pub(super) enum LoadError {
    Server(Trouble),
    Read(ReadError),
}

/// Loads one round of rows.
pub(super) fn round(connection: &Connection, keys: &Keys) -> Result<Snapshot, LoadError> {
    let wanted = queries(keys);
    let mut see = Snapshot::default();
    // An account that nobody has posted to stands at zero.
    see.balances.extend(keys.balances.iter().map(|id| (*id, Balance::default())));
    if wanted.is_empty() {
        return Ok(see);
    }
    let (queries, fills): (Vec<Query<'_>>, Vec<Fill>) = wanted.into_iter().unzip();
    let answers = connection.query_all(&queries).map_err(LoadError::Server)?;
    for (rows, fill) in answers.iter().zip(fills) {
        for row in rows {
            fill(&mut see, &Row::Postgres(row)).map_err(LoadError::Read)?;
        }
    }
    Ok(see)
}

/// Shards as a column.
pub(super) fn shards_of(ids: impl Iterator<Item = u8>) -> Param<'static> {
    Param::Shards(ids.map(i16::from).collect())
}

fn queries(keys: &Keys) -> Vec<(Query<'_>, Fill)> {
    let mut all: Vec<(Query<'_>, Fill)> = vec![];
    let mut ask = |sql, params, fill: Fill| all.push(((sql, params), fill));
    if !keys.payments.is_empty() {
        let shards = || shards_of(keys.payments.iter().map(|id| id.shard().0));
        let ids = || Param::Ids(keys.payments.iter().map(|id| Id(*id.as_bytes())).collect());
        ask(sql::LOAD_PAYMENTS, vec![shards(), ids()], payment);
        ask(sql::LOAD_LEGS, vec![shards(), ids()], leg);
        ask(sql::LOAD_ATTEMPTS, vec![shards(), ids()], attempt);
        ask(sql::LOAD_CHALLENGES, vec![shards(), ids()], challenge);
    }
    if !keys.refunds.is_empty() {
        let shards = || shards_of(keys.refunds.iter().map(|id| id.shard().0));
        let ids = || Param::Ids(keys.refunds.iter().map(|id| Id(*id.as_bytes())).collect());
        ask(sql::LOAD_REFUNDS, vec![shards(), ids()], refund);
        ask(sql::LOAD_REFUND_PARTS, vec![shards(), ids()], refund_part);
    }
    if !keys.idempotency.is_empty() {
        let scopes = || keys.idempotency.iter();
        let params = vec![
            shards_of(scopes().map(|scope| scope.shard().0)),
            Param::Numbers(scopes().map(|scope| scope.merchant.number()).collect()),
            Param::Texts(scopes().map(|scope| scope.mode.as_str()).collect()),
            Param::OwnTexts(scopes().map(IdempotencyScope::about_text).collect()),
            Param::Texts(scopes().map(|scope| scope.key.as_str()).collect()),
        ];
        ask(sql::LOAD_IDEMPOTENCY_KEYS, params, idempotency_key);
    }
    if !keys.merchants.is_empty() {
        let ids = keys.merchants.iter().map(|id: &MerchantId| id.number()).collect();
        ask(sql::LOAD_MERCHANTS, vec![Param::Numbers(ids)], merchant);
    }
    let apps = || Param::Ids(keys.apps.iter().map(|id: &AppId| Id(*id.as_bytes())).collect());
    if !keys.apps.is_empty() {
        ask(sql::LOAD_APPS, vec![apps()], app);
    }
    if !keys.apps.is_empty() || !keys.key_pairs.is_empty() {
        let public = Param::Texts(keys.key_pairs.iter().map(String::as_str).collect());
        ask(sql::LOAD_KEY_PAIRS, vec![public, apps()], key_pair);
    }
    if !keys.balances.is_empty() {
        let ids = || keys.balances.iter();
        let params = vec![
            shards_of(ids().map(|id| id.shard().0)),
            Param::Ids(ids().map(|id| Id(*id.as_bytes())).collect()),
        ];
        ask(sql::LOAD_BALANCES, params, balance);
    }
    rarer(keys, &mut all);
    of_the_fold(keys, &mut all);
    all
}

fn of_the_fold<'k>(keys: &'k Keys, all: &mut Vec<(Query<'k>, Fill)>) {
    let mut ask = |sql, params, fill: Fill| all.push(((sql, params), fill));
    if !keys.holds.is_empty() {
        let params = vec![
            shards_of(keys.holds.iter().map(|id| id.shard().0)),
            Param::Ids(keys.holds.iter().map(|id| Id(*id.as_bytes())).collect()),
        ];
        ask(sql::LOAD_HOLDS, params, hold);
    }
    if !keys.folded.is_empty() {
        let lines = || keys.folded.iter();
        let params = vec![
            shards_of(lines().map(|(account, _)| account.shard().0)),
            Param::Ids(lines().map(|(account, _)| Id(*account.as_bytes())).collect()),
            Param::Ids(lines().map(|(_, key)| Id(*key.entry.as_bytes())).collect()),
            Param::Numbers(lines().map(|(_, key)| key.line).collect()),
        ];
        ask(sql::LOAD_ACCOUNT_LINES, params, folded);
    }
    if !keys.unfolded.is_empty() {
        let params = vec![
            shards_of(keys.unfolded.iter().map(|key| key.entry.shard().0)),
            Param::Ids(keys.unfolded.iter().map(|key| Id(*key.entry.as_bytes())).collect()),
            Param::Numbers(keys.unfolded.iter().map(|key| key.line).collect()),
        ];
        ask(sql::LOAD_UNFOLDED_LINES, params, unfolded);
    }
}

fn rarer<'k>(keys: &'k Keys, all: &mut Vec<(Query<'k>, Fill)>) {
    let mut ask = |sql, params, fill: Fill| all.push(((sql, params), fill));
    if !keys.terminals.is_empty() {
        let params = vec![
            Param::Numbers(keys.terminals.iter().map(|(merchant, _)| merchant.number()).collect()),
            Param::Texts(keys.terminals.iter().map(|(_, id)| id.as_str()).collect()),
        ];
        ask(sql::LOAD_TERMINALS, params, terminal);
    }
    if !keys.wallets.is_empty() {
        ask(sql::LOAD_WALLETS, phones(keys.wallets.iter()), wallet);
    }
    if !keys.phone_windows.is_empty() {
        ask(sql::LOAD_PHONE_WINDOWS, phones(keys.phone_windows.iter()), phone_window);
    }
    if !keys.card_windows.is_empty() {
        let cards = || keys.card_windows.iter();
        let params = vec![
            shards_of(cards().map(|card| card.shard().0)),
            Param::OwnTexts(cards().copied().map(String::from).collect()),
        ];
        ask(sql::LOAD_CARD_WINDOWS, params, card_window);
    }
    if !keys.deliveries.is_empty() {
        let ids = || keys.deliveries.iter();
        let params = vec![
            shards_of(ids().map(|id| id.shard().0)),
            Param::Ids(ids().map(|id| Id(*id.as_bytes())).collect()),
        ];
        ask(sql::LOAD_DELIVERIES, params, delivery);
    }
    if !keys.learned.is_empty() {
        let learned_of = || keys.learned.iter();
        let params = vec![
            shards_of(learned_of().map(|(app, _)| app.shard().0)),
            Param::Ids(learned_of().map(|(app, _)| Id(*app.as_bytes())).collect()),
            Param::Texts(learned_of().map(|(_, origin)| origin.as_str()).collect()),
        ];
        ask(sql::LOAD_LEARNED_METHODS, params, learned);
    }
}

fn phones<'k>(
    keys: impl Iterator<Item = &'k (qisma_domain::ids::Mode, qisma_domain::phone::Phone)> + Clone,
) -> Vec<Param<'k>> {
    vec![
        shards_of(keys.clone().map(|(mode, phone)| phone.shard(*mode).0)),
        Param::Texts(keys.clone().map(|(mode, _)| mode.as_str()).collect()),
        Param::Texts(keys.map(|(_, phone)| phone.as_str()).collect()),
    ]
}

type Filled = Result<(), ReadError>;

fn payment(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let payment = rows::payment_from(row)?;
    let aggregate = PaymentAggregate::of(payment);
    see.payments.insert(aggregate.payment.id, aggregate);
    Ok(())
}

/// The payment that a row belongs to. The statements of one round do not see one moment of the
/// database, so it may be younger than them all; then its rows are, too, and nothing names it.
fn of(see: &mut Snapshot, id: PaymentId) -> Option<&mut PaymentAggregate> {
    see.payments.get_mut(&id)
}

fn leg(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let (leg, id) = (rows::leg_from(row)?, PaymentId::from_bytes(row.get(5)?));
    if let Some(aggregate) = of(see, id) {
        aggregate.payment.legs.push(leg);
    }
    Ok(())
}

fn attempt(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let attempt = rows::attempt_from(row)?;
    if let Some(aggregate) = of(see, attempt.payment) {
        aggregate.attempts.push(attempt);
    }
    Ok(())
}

fn challenge(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let challenge = rows::challenge_from(row)?;
    if let Some(aggregate) = of(see, challenge.payment) {
        aggregate.challenges.push(challenge);
    }
    Ok(())
}

fn refund(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let refund = refunds::refund_from(row)?;
    if let Some(aggregate) = of(see, refund.payment) {
        aggregate.refunds.push(refund);
    }
    Ok(())
}

fn refund_part(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let (payment, number, part) = refunds::part_from(row)?;
    let refunds = of(see, payment).map(|aggregate| &mut aggregate.refunds);
    let refund = refunds.and_then(|all| all.iter_mut().find(|refund| refund.number == number));
    if let Some(refund) = refund {
        refund.parts.push(part);
    }
    Ok(())
}

fn idempotency_key(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let found = rows::idempotency_from(row)?;
    see.idempotency.insert(found.scope.clone(), found);
    Ok(())
}

fn merchant(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let found = rows::merchant_from(row)?;
    see.merchants.insert(found.id, found);
    Ok(())
}

fn app(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let found = rows::app_from(row)?;
    see.apps.insert(found.id, found);
    Ok(())
}

fn key_pair(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let found = rows::key_pair_from(row)?;
    see.key_pairs.insert(found.public_key.clone(), found);
    Ok(())
}

fn balance(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let held = Balance { posted_millimes: row.get(1)?, held_millimes: row.get(2)? };
    see.balances.insert(AccountId::from_bytes(row.get(0)?), held);
    Ok(())
}

fn hold(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let found = rows::hold_from(row)?;
    see.holds.insert(found.id, found);
    Ok(())
}

fn folded(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let key = LineKey { entry: EntryId::from_bytes(row.get(1)?), line: row.get(2)? };
    see.folded.insert((AccountId::from_bytes(row.get(0)?), key));
    Ok(())
}

fn unfolded(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    see.unfolded.insert(LineKey { entry: EntryId::from_bytes(row.get(0)?), line: row.get(1)? });
    Ok(())
}

fn terminal(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let found = rows::terminal_from(row)?;
    see.terminals.insert((found.merchant, found.id.clone()), found);
    Ok(())
}

fn wallet(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let found = rows::wallet_from(row)?;
    see.wallets.insert((found.mode, found.phone.clone()), found);
    Ok(())
}

fn card_window(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let found = rows::card_window_from(row)?;
    see.card_windows.insert(found.card, found);
    Ok(())
}

fn phone_window(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let found = rows::phone_window_from(row)?;
    see.phone_windows.insert((found.mode, found.phone.clone()), found);
    Ok(())
}

fn delivery(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let found = rows::delivery_from(row)?;
    see.deliveries.insert(found.id, found);
    Ok(())
}

fn learned(see: &mut Snapshot, row: &Row<'_>) -> Filled {
    let (app, origin) = (AppId::from_bytes(row.get(0)?), row.get::<String>(1)?);
    let method = rows::delivery_method_from(row, 2)?;
    see.learned.insert((app, origin.clone()), LearnedMethod { app, origin, method });
    Ok(())
}
