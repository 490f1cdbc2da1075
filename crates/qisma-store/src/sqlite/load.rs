//! Loads the rows that a batch names: a loop of prepared statements on the writing connection.

use qisma_domain::account::Balance;
use qisma_domain::delivery::{DeliveryMethod, LearnedMethod};
use qisma_domain::idempotency::{IdempotencyRow, IdempotencyScope};
use qisma_domain::ids::{AccountId, PaymentId};
use qisma_domain::snapshot::{Keys, PaymentAggregate, Snapshot};
use qisma_domain::time::Timestamp;
use rusqlite::{Connection, Params, Row};

use super::rows;
use super::{Writer, sql};
use crate::error::ReadError;

type Read<T> = Result<T, ReadError>;

/// The one row of a statement, if there is one.
pub(crate) fn find<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Read<T>,
) -> Read<Option<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params)?;
    found.next()?.map(read).transpose()
}

/// All rows of a statement.
pub(crate) fn list<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Read<T>,
) -> Read<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params)?;
    let mut all = vec![];
    while let Some(row) = found.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

/// A payment with its legs, attempts and codes.
pub(crate) fn complete(
    connection: &Connection,
    mut payment: qisma_domain::payment::Payment,
) -> Read<PaymentAggregate> {
    let key = (payment.id.shard().0, payment.id.as_bytes());
    payment.legs = list(connection, sql::LIST_LEGS, key, rows::leg_from)?;
    Ok(PaymentAggregate {
        attempts: list(connection, sql::LIST_ATTEMPTS, key, rows::attempt_from)?,
        challenges: list(connection, sql::LIST_CHALLENGES, key, rows::challenge_from)?,
        payment,
    })
}

/// A payment by its id.
pub(crate) fn payment(connection: &Connection, id: &PaymentId) -> Read<Option<PaymentAggregate>> {
    let key = (id.shard().0, id.as_bytes());
    let found = find(connection, sql::FIND_PAYMENT, key, rows::payment_from)?;
    found.map(|payment| complete(connection, payment)).transpose()
}

/// An account's balance; an account nobody has posted to stands at zero.
pub(crate) fn balance(connection: &Connection, id: &AccountId) -> Read<Balance> {
    let found = find(connection, sql::FIND_BALANCE, (id.shard().0, id.as_bytes()), |row| {
        Ok(Balance { posted_millimes: row.get(0)?, held_millimes: row.get(1)? })
    })?;
    Ok(found.unwrap_or_default())
}

fn idempotency_row(
    connection: &Connection,
    scope: &IdempotencyScope,
) -> Read<Option<IdempotencyRow>> {
    let key = (scope.shard().0, scope.merchant.number(), scope.mode.as_str(), scope.key.as_str());
    find(connection, sql::FIND_IDEMPOTENCY_KEY, key, |row| {
        Ok(IdempotencyRow {
            scope: scope.clone(),
            fingerprint: row.get(0)?,
            payment: PaymentId::from_bytes(row.get(1)?),
            answer: row.get(2)?,
            request_id: row.get(3)?,
            created_at: Timestamp::from_micros(row.get(4)?),
        })
    })
}

impl Writer {
    /// Loads one round of rows.
    pub fn load(&self, keys: &Keys) -> Read<Snapshot> {
        let connection = &self.connection;
        let mut see = Snapshot::default();
        for id in &keys.payments {
            see.payments.extend(payment(connection, id)?.map(|found| (*id, found)));
        }
        for scope in &keys.idempotency {
            let found = idempotency_row(connection, scope)?;
            see.idempotency.extend(found.map(|row| (scope.clone(), row)));
        }
        for id in &keys.merchants {
            let found = find(connection, sql::FIND_MERCHANT, [id.number()], rows::merchant_from)?;
            see.merchants.extend(found.map(|row| (*id, row)));
        }
        for id in &keys.apps {
            let found = find(connection, sql::FIND_APP, [id.as_bytes()], rows::app_from)?;
            see.apps.extend(found.map(|row| (*id, row)));
            let pairs =
                list(connection, sql::LIST_KEY_PAIRS_OF_APP, [id.as_bytes()], rows::key_pair_from)?;
            see.key_pairs.extend(pairs.into_iter().map(|row| (row.public_key.clone(), row)));
        }
        for key in &keys.key_pairs {
            let found = find(connection, sql::FIND_KEY_PAIR, [key], rows::key_pair_from)?;
            see.key_pairs.extend(found.map(|row| (key.clone(), row)));
        }
        for account in &keys.balances {
            see.balances.insert(*account, balance(connection, account)?);
        }
        self.load_phones(keys, &mut see)?;
        self.load_deliveries(keys, &mut see)?;
        Ok(see)
    }

    fn load_phones(&self, keys: &Keys, see: &mut Snapshot) -> Read<()> {
        for key in &keys.wallets {
            let found = find(
                &self.connection,
                sql::FIND_WALLET,
                (key.0.as_str(), key.1.as_str()),
                rows::wallet_from,
            )?;
            see.wallets.extend(found.map(|row| (key.clone(), row)));
        }
        for key in &keys.phone_windows {
            let found = find(
                &self.connection,
                sql::FIND_PHONE_WINDOW,
                (key.0.as_str(), key.1.as_str()),
                rows::phone_window_from,
            )?;
            see.phone_windows.extend(found.map(|row| (key.clone(), row)));
        }
        Ok(())
    }

    fn load_deliveries(&self, keys: &Keys, see: &mut Snapshot) -> Read<()> {
        for id in &keys.deliveries {
            let found = find(
                &self.connection,
                sql::FIND_DELIVERY,
                (id.shard().0, id.as_bytes()),
                rows::delivery_from,
            )?;
            see.deliveries.extend(found.map(|row| (*id, row)));
        }
        for key in &keys.learned {
            let found = learned_method(&self.connection, &key.0, &key.1)?;
            see.learned.extend(found.map(|method| {
                (key.clone(), LearnedMethod { app: key.0, origin: key.1.clone(), method })
            }));
        }
        Ok(())
    }
}

/// What a receiver was found to take.
pub(crate) fn learned_method(
    connection: &Connection,
    app: &qisma_domain::ids::AppId,
    origin: &str,
) -> Read<Option<DeliveryMethod>> {
    find(connection, sql::FIND_LEARNED_METHOD, (app.as_bytes(), origin), |row| {
        DeliveryMethod::parse(&row.get::<_, String>(0)?)
            .ok_or_else(|| ReadError::Corrupt("learned method".into()))
    })
}
