//! Loads the rows that a batch names: a loop of prepared statements on the writing connection.

use qisma_domain::delivery::LearnedMethod;
use qisma_domain::snapshot::{Keys, Snapshot};
use rusqlite::params_from_iter;

use super::{Writer, sql};
use crate::error::ReadError;
use crate::row::Row;
use crate::session::Value::{Id, Number, Shard, Text};
use crate::session::statement;
use crate::session::{Session, Value};
use crate::{find, rows};

impl Writer {
    /// Loads one round of rows.
    pub(super) fn load_round(&self, keys: &Keys) -> Result<Snapshot, ReadError> {
        let session = Session::Sqlite(&self.connection);
        let mut see = Snapshot::default();
        for id in &keys.payments {
            see.payments.extend(find::payment(session, id)?.map(|found| (*id, found)));
        }
        for scope in &keys.idempotency {
            let found = find::idempotency_row(session, scope)?;
            see.idempotency.extend(found.map(|row| (scope.clone(), row)));
        }
        for id in &keys.merchants {
            let sql = statement!(FIND_MERCHANT);
            let found = session.find(sql, &[Number(id.number())], rows::merchant_from)?;
            see.merchants.extend(found.map(|row| (*id, row)));
        }
        for id in &keys.apps {
            let key = [Id(id.as_bytes())];
            let found = session.find(statement!(FIND_APP), &key, rows::app_from)?;
            see.apps.extend(found.map(|row| (*id, row)));
            let sql = statement!(LIST_KEY_PAIRS_OF_APP);
            let pairs = session.list(sql, &key, rows::key_pair_from)?;
            see.key_pairs.extend(pairs.into_iter().map(|row| (row.public_key.clone(), row)));
        }
        for key in &keys.key_pairs {
            let sql = statement!(FIND_KEY_PAIR);
            let found = session.find(sql, &[Text(key)], rows::key_pair_from)?;
            see.key_pairs.extend(found.map(|row| (key.clone(), row)));
        }
        for account in &keys.balances {
            see.balances.insert(*account, find::balance(session, account)?);
        }
        for id in &keys.holds {
            let mut find = self.connection.prepare_cached(sql::FIND_HOLD)?;
            let key = [Shard(id.shard().0), Id(id.as_bytes())];
            let mut found = find.query(params_from_iter(&key))?;
            let found = found.next()?.map(|row| rows::hold_from(&Row::Sqlite(row))).transpose()?;
            see.holds.extend(found.map(|row| (*id, row)));
        }
        for (account, line) in &keys.folded {
            let (shard, entry) = (Shard(account.shard().0), Id(line.entry.as_bytes()));
            let key = [shard, Id(account.as_bytes()), entry, Number(line.line)];
            if self.is_there(sql::FIND_ACCOUNT_LINE, &key)? {
                see.folded.insert((*account, *line));
            }
        }
        for line in &keys.unfolded {
            let (shard, entry) = (Shard(line.entry.shard().0), Id(line.entry.as_bytes()));
            if self.is_there(sql::FIND_UNFOLDED_LINE, &[shard, entry, Number(line.line)])? {
                see.unfolded.insert(*line);
            }
        }
        rarer(session, keys, &mut see)?;
        Ok(see)
    }

    fn is_there(&self, sql: &str, key: &[Value<'_>]) -> Result<bool, ReadError> {
        Ok(self.connection.prepare_cached(sql)?.exists(params_from_iter(key))?)
    }
}

/// The rows that few commands name.
fn rarer(session: Session<'_>, keys: &Keys, see: &mut Snapshot) -> Result<(), ReadError> {
    for key in &keys.terminals {
        let values = [Number(key.0.number()), Text(key.1.as_str())];
        let found = session.find(statement!(FIND_TERMINAL), &values, rows::terminal_from)?;
        see.terminals.extend(found.map(|row| (key.clone(), row)));
    }
    for key in &keys.wallets {
        let found = find::wallet(session, key.0, &key.1)?;
        see.wallets.extend(found.map(|row| (key.clone(), row)));
    }
    for key in &keys.phone_windows {
        let found = find::phone_window(session, key.0, &key.1)?;
        see.phone_windows.extend(found.map(|row| (key.clone(), row)));
    }
    for id in &keys.deliveries {
        see.deliveries.extend(find::delivery(session, id)?.map(|row| (*id, row)));
    }
    for key in &keys.learned {
        let (app, origin) = key;
        let found = find::learned_method(session, app, origin)?;
        let learned = |method| LearnedMethod { app: *app, origin: origin.clone(), method };
        see.learned.extend(found.map(|method| (key.clone(), learned(method))));
    }
    Ok(())
}
