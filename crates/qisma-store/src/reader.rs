//! Reads: what handlers, pages, workers and the command line want to know. Whose a row is belongs in
//! the name of the read, so that nobody finds a stranger's payment by mistake.

use qisma_domain::account::{Account, Balance};
use qisma_domain::app::{App, KeyPair};
use qisma_domain::attempt::Attempt;
use qisma_domain::delivery::{Delivery, DeliveryMethod};
use qisma_domain::event::Event;
use qisma_domain::idempotency::IdempotencyScope;
use qisma_domain::ids::{AppId, EventId, MerchantId, Mode, PaymentId};
use qisma_domain::merchant::Merchant;
use qisma_domain::payment::Payment;
use qisma_domain::phone::Phone;
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::time::Timestamp;
use qisma_domain::wallet::Wallet;
use rusqlite::Connection;

use crate::error::ReadError;
use crate::sqlite::load::{balance, complete, find, learned_method, list, payment};
use crate::sqlite::{rows, sql};

type Read<T> = Result<T, ReadError>;

/// What a public key leads to.
#[derive(Clone, Debug)]
pub struct AuthRow {
    /// The pair.
    pub pair: KeyPair,
    /// Its app.
    pub app: App,
    /// The app's merchant.
    pub merchant: Merchant,
}

/// A line of a payment's journal.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct JournalLine {
    /// The entry's kind.
    pub entry: String,
    /// When, in microseconds.
    pub at_us: i64,
    /// The account's owner.
    pub owner: String,
    /// The account's kind.
    pub account: String,
    /// By how much it moved.
    pub amount_millimes: i64,
}

/// A read connection at one moment of the database.
pub struct Reader<'c> {
    pub(crate) connection: &'c Connection,
}

impl<'c> Reader<'c> {
    pub(crate) const fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }

    /// What a public key leads to.
    pub fn auth_by_public_key(&self, public_key: &str) -> Read<Option<AuthRow>> {
        let found = find(self.connection, sql::FIND_KEY_PAIR, [public_key], rows::key_pair_from)?;
        let Some(pair) = found else { return Ok(None) };
        let Some(app) = self.app(&pair.app)? else { return Ok(None) };
        let Some(merchant) = self.merchant(app.merchant)? else { return Ok(None) };
        Ok(Some(AuthRow { pair, app, merchant }))
    }

    /// A payment, if it is this merchant's, in this mode.
    pub fn payment_of_merchant(
        &self,
        merchant: MerchantId,
        mode: Mode,
        id: &PaymentId,
    ) -> Read<Option<PaymentAggregate>> {
        let key = (id.shard().0, id.as_bytes(), merchant.number(), mode.as_str());
        let sql = sql::FIND_PAYMENT_OF_MERCHANT;
        let found = find(self.connection, sql, key, rows::payment_from)?;
        found.map(|payment| complete(self.connection, payment)).transpose()
    }

    /// A payment, for whoever holds its link, for a worker, or for an operator.
    pub fn payment_by_link(&self, id: &PaymentId) -> Read<Option<PaymentAggregate>> {
        payment(self.connection, id)
    }

    /// The newest payments, of one merchant or of all.
    pub fn payments(&self, of: Option<(MerchantId, Mode)>, count_max: i64) -> Read<Vec<Payment>> {
        let mut found = match of {
            Some((merchant, mode)) => list(
                self.connection,
                sql::LIST_PAYMENTS_OF_MERCHANT,
                (merchant.number(), mode.as_str(), count_max),
                rows::payment_from,
            )?,
            None => list(self.connection, sql::LIST_PAYMENTS, [count_max], rows::payment_from)?,
        };
        for payment in &mut found {
            let key = (payment.id.shard().0, payment.id.as_bytes());
            payment.legs = list(self.connection, sql::LIST_LEGS, key, rows::leg_from)?;
        }
        Ok(found)
    }

    /// A payment's journal.
    pub fn journal_of_payment(&self, id: &PaymentId) -> Read<Vec<JournalLine>> {
        let key = (id.shard().0, id.as_bytes());
        list(self.connection, sql::LIST_POSTINGS_OF_PAYMENT, key, |row| {
            Ok(JournalLine {
                entry: row.get(0)?,
                at_us: row.get(1)?,
                owner: row.get(2)?,
                account: row.get(3)?,
                amount_millimes: row.get(4)?,
            })
        })
    }

    /// A payment's events.
    pub fn events_of_payment(&self, id: &PaymentId) -> Read<Vec<Event>> {
        let key = (id.shard().0, id.as_bytes());
        list(self.connection, sql::LIST_EVENTS_OF_PAYMENT, key, rows::event_from)
    }

    /// A merchant.
    pub fn merchant(&self, id: MerchantId) -> Read<Option<Merchant>> {
        find(self.connection, sql::FIND_MERCHANT, [id.number()], rows::merchant_from)
    }

    /// Merchants in order of their ids, after this one.
    pub fn merchants(&self, after: i64, count_max: i64) -> Read<Vec<Merchant>> {
        list(self.connection, sql::LIST_MERCHANTS, (after, count_max), rows::merchant_from)
    }

    /// An app.
    pub fn app(&self, id: &AppId) -> Read<Option<App>> {
        find(self.connection, sql::FIND_APP, [id.as_bytes()], rows::app_from)
    }

    /// Apps in order of their making.
    pub fn apps(&self, count_max: i64) -> Read<Vec<App>> {
        list(self.connection, sql::LIST_APPS, [count_max], rows::app_from)
    }

    /// The key pairs of an app.
    pub fn key_pairs_of_app(&self, id: &AppId) -> Read<Vec<KeyPair>> {
        list(self.connection, sql::LIST_KEY_PAIRS_OF_APP, [id.as_bytes()], rows::key_pair_from)
    }

    /// A wallet by its phone.
    pub fn wallet(&self, mode: Mode, phone: &Phone) -> Read<Option<Wallet>> {
        let key = (mode.as_str(), phone.as_str());
        find(self.connection, sql::FIND_WALLET, key, rows::wallet_from)
    }

    /// What an account holds.
    pub fn balance(&self, account: &Account) -> Read<Balance> {
        balance(self.connection, &account.id())
    }

    /// Payments whose time is over and that no card attempt holds open.
    pub fn payments_to_expire(&self, now: Timestamp, count_max: i64) -> Read<Vec<PaymentId>> {
        let sql = sql::LIST_PAYMENTS_TO_EXPIRE;
        list(self.connection, sql, (now.micros(), count_max), |row| {
            Ok(PaymentId::from_bytes(row.get(0)?))
        })
    }

    /// Attempts of one mode, and so of one acquirer, whose order is to be looked at.
    pub fn attempts_to_look_at(
        &self,
        mode: Mode,
        now: Timestamp,
        count_max: i64,
    ) -> Read<Vec<(PaymentId, u16)>> {
        let sql = sql::LIST_ATTEMPTS_TO_LOOK_AT;
        list(self.connection, sql, (now.micros(), mode.as_str(), count_max), |row| {
            Ok((PaymentId::from_bytes(row.get(0)?), row.get(1)?))
        })
    }

    /// Attempts that are not final: open, to be looked at, or waiting for an operator.
    pub fn attempts_unresolved(&self, count_max: i64) -> Read<Vec<Attempt>> {
        list(self.connection, sql::LIST_ATTEMPTS_UNRESOLVED, [count_max], rows::attempt_from)
    }

    /// The newest deliveries, of one payment or of all.
    pub fn deliveries(&self, of: Option<&PaymentId>, count_max: i64) -> Read<Vec<Delivery>> {
        match of {
            Some(id) => {
                let key = (id.shard().0, id.as_bytes());
                let sql = sql::LIST_DELIVERIES_OF_PAYMENT;
                list(self.connection, sql, key, rows::delivery_from)
            }
            None => list(self.connection, sql::LIST_DELIVERIES, [count_max], rows::delivery_from),
        }
    }

    /// An event.
    pub fn event(&self, id: &EventId) -> Read<Option<Event>> {
        let key = (id.shard().0, id.as_bytes());
        find(self.connection, sql::FIND_EVENT, key, rows::event_from)
    }

    /// Whether something was made under an idempotency key that is still remembered.
    pub fn has_idempotency_key(&self, scope: &IdempotencyScope) -> Read<bool> {
        let (merchant, mode) = (scope.merchant.number(), scope.mode.as_str());
        let key = (scope.shard().0, merchant, mode, scope.key.as_str());
        let found = find(self.connection, sql::FIND_IDEMPOTENCY_KEY, key, |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// What a receiver was found to take.
    pub fn learned_method(&self, app: &AppId, origin: &str) -> Read<Option<DeliveryMethod>> {
        learned_method(self.connection, app, origin)
    }

    /// Idempotency keys made before this moment, oldest first.
    pub fn idempotency_keys_to_prune(
        &self,
        before: Timestamp,
        count_max: i64,
    ) -> Read<Vec<IdempotencyScope>> {
        let sql = sql::LIST_IDEMPOTENCY_KEYS_TO_PRUNE;
        list(self.connection, sql, (before.micros(), count_max), rows::idempotency_scope_from)
    }

    /// When the next payment's time is over.
    pub fn next_expiry(&self) -> Read<Option<Timestamp>> {
        self.next(sql::NEXT_EXPIRY, [])
    }

    /// When the next order is to be looked at.
    pub fn next_look(&self) -> Read<Option<Timestamp>> {
        self.next(sql::NEXT_LOOK, [])
    }

    fn next(&self, sql: &str, params: impl rusqlite::Params) -> Read<Option<Timestamp>> {
        let found = find(self.connection, sql, params, |row| Ok(row.get::<_, Option<i64>>(0)?))?;
        Ok(found.flatten().map(Timestamp::from_micros))
    }
}
