//! Reads: what handlers, pages, workers and the command line want to know. Whose a row is belongs in
//! the name of the read, so that nobody finds a stranger's payment by mistake.

use qisma_domain::account::{Account, Balance};
use qisma_domain::app::{App, KeyPair};
use qisma_domain::attempt::Attempt;
use qisma_domain::delivery::{Delivery, DeliveryMethod};
use qisma_domain::event::Event;
use qisma_domain::idempotency::IdempotencyScope;
use qisma_domain::ids::{AccountId, AppId, EventId, MerchantId, Mode, PaymentId};
use qisma_domain::merchant::Merchant;
use qisma_domain::payment::Payment;
use qisma_domain::phone::Phone;
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::terminal::{Terminal, TerminalId};
use qisma_domain::time::Timestamp;
use qisma_domain::wallet::Wallet;
use std::collections::BTreeSet;

use crate::error::ReadError;
use crate::leases::Shards;
use crate::row::Row;
use crate::session::Value::{self, Id, Number, Shard, Text};
use crate::session::{Session, Statement, statement};
use crate::{find, rows};

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
    pub(crate) session: Session<'c>,
}

impl<'c> Reader<'c> {
    pub(crate) const fn new(session: Session<'c>) -> Self {
        Self { session }
    }

    /// What a public key leads to.
    pub fn auth_by_public_key(&self, public_key: &str) -> Read<Option<AuthRow>> {
        let sql = statement!(FIND_KEY_PAIR);
        let found = self.session.find(sql, &[Text(public_key)], rows::key_pair_from)?;
        let Some(pair) = found else { return Ok(None) };
        let Some(app) = self.app(&pair.app)? else { return Ok(None) };
        let Some(merchant) = self.merchant(app.merchant)? else { return Ok(None) };
        Ok(Some(AuthRow { pair, app, merchant }))
    }

    /// A payment, if it is this merchant's, in this mode; without its codes.
    pub fn payment_of_merchant(
        &self,
        merchant: MerchantId,
        mode: Mode,
        id: &PaymentId,
    ) -> Read<Option<PaymentAggregate>> {
        let [shard, bytes] = find::key(id);
        let values = [shard, bytes, Number(merchant.number()), Text(mode.as_str())];
        let sql = statement!(FIND_PAYMENT_OF_MERCHANT);
        let found = self.session.find(sql, &values, rows::payment_from)?;
        found.map(|payment| find::without_codes(self.session, payment)).transpose()
    }

    /// A payment, for whoever holds its link, for a worker, or for an operator.
    pub fn payment_by_link(&self, id: &PaymentId) -> Read<Option<PaymentAggregate>> {
        find::payment(self.session, id)
    }

    /// The newest payments, of one merchant or of all.
    pub fn payments(&self, of: Option<(MerchantId, Mode)>, count_max: i64) -> Read<Vec<Payment>> {
        let mut found = match of {
            Some((merchant, mode)) => self.session.list(
                statement!(LIST_PAYMENTS_OF_MERCHANT),
                &[Number(merchant.number()), Text(mode.as_str()), Number(count_max)],
                rows::payment_from,
            )?,
            None => self.session.list(
                statement!(LIST_PAYMENTS),
                &[Number(count_max)],
                rows::payment_from,
            )?,
        };
        for payment in &mut found {
            let key = find::key(&payment.id);
            payment.legs = self.session.list(statement!(LIST_LEGS), &key, rows::leg_from)?;
        }
        Ok(found)
    }

    /// A payment's journal.
    pub fn journal_of_payment(&self, id: &PaymentId) -> Read<Vec<JournalLine>> {
        let sql = statement!(LIST_POSTINGS_OF_PAYMENT);
        self.session.list(sql, &find::key(id), |row| {
            // A line that waits for its fold says itself whose it is; any other's account is there,
            // in a shard of its own.
            let names = match (row.get(2)?, row.get(3)?) {
                (Some(owner), Some(kind)) => (owner, kind),
                _ => self.name_of_account(row.get(5)?, &row.get(6)?)?,
            };
            Ok(JournalLine {
                entry: row.get(0)?,
                at_us: row.get(1)?,
                owner: names.0,
                account: names.1,
                amount_millimes: row.get(4)?,
            })
        })
    }

    /// The accounts that a payment's journal moves.
    pub fn accounts_of_payment(&self, id: &PaymentId) -> Read<BTreeSet<AccountId>> {
        let sql = statement!(LIST_ACCOUNTS_OF_PAYMENT);
        let found =
            self.session.list(sql, &find::key(id), |row| Ok(AccountId::from_bytes(row.get(0)?)))?;
        Ok(found.into_iter().collect())
    }

    fn name_of_account(&self, shard: u8, id: &[u8; 16]) -> Read<(String, String)> {
        let values = [Shard(shard), Id(id)];
        let names = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found = self.session.find(statement!(FIND_ACCOUNT_NAME), &values, names)?;
        found.ok_or_else(|| {
            ReadError::Corrupt("a posting names an account that is not there".into())
        })
    }

    /// A payment's events.
    pub fn events_of_payment(&self, id: &PaymentId) -> Read<Vec<Event>> {
        self.session.list(statement!(LIST_EVENTS_OF_PAYMENT), &find::key(id), rows::event_from)
    }

    /// A merchant.
    pub fn merchant(&self, id: MerchantId) -> Read<Option<Merchant>> {
        self.session.find(statement!(FIND_MERCHANT), &[Number(id.number())], rows::merchant_from)
    }

    /// Merchants in order of their ids, after this one.
    pub fn merchants(&self, after: i64, count_max: i64) -> Read<Vec<Merchant>> {
        let values = [Number(after), Number(count_max)];
        self.session.list(statement!(LIST_MERCHANTS), &values, rows::merchant_from)
    }

    /// A terminal that was registered for a merchant.
    pub fn terminal(&self, merchant: MerchantId, id: &TerminalId) -> Read<Option<Terminal>> {
        let values = [Number(merchant.number()), Text(id.as_str())];
        self.session.find(statement!(FIND_TERMINAL), &values, rows::terminal_from)
    }

    /// Terminals that were registered, in order of their owners.
    pub fn terminals(&self, count_max: i64) -> Read<Vec<Terminal>> {
        self.session.list(statement!(LIST_TERMINALS), &[Number(count_max)], rows::terminal_from)
    }

    /// An app.
    pub fn app(&self, id: &AppId) -> Read<Option<App>> {
        self.session.find(statement!(FIND_APP), &[Id(id.as_bytes())], rows::app_from)
    }

    /// Apps in order of their making.
    pub fn apps(&self, count_max: i64) -> Read<Vec<App>> {
        self.session.list(statement!(LIST_APPS), &[Number(count_max)], rows::app_from)
    }

    /// The oldest app of a merchant in a mode.
    pub fn first_app(&self, merchant: MerchantId, mode: Mode) -> Read<Option<App>> {
        let values = [Number(merchant.number()), Text(mode.as_str())];
        self.session.find(statement!(FIND_FIRST_APP), &values, rows::app_from)
    }

    /// API keys in order of their making, those that were revoked too.
    pub fn api_keys(&self, count_max: i64) -> Read<Vec<KeyPair>> {
        self.session.list(statement!(LIST_API_KEYS), &[Number(count_max)], rows::key_pair_from)
    }

    /// The key pairs of an app, its API keys included.
    pub fn key_pairs_of_app(&self, id: &AppId) -> Read<Vec<KeyPair>> {
        let values = [Id(id.as_bytes())];
        self.session.list(statement!(LIST_KEY_PAIRS_OF_APP), &values, rows::key_pair_from)
    }

    /// A wallet by its phone.
    pub fn wallet(&self, mode: Mode, phone: &Phone) -> Read<Option<Wallet>> {
        find::wallet(self.session, mode, phone)
    }

    /// What an account holds, in all of its rows.
    pub fn balance(&self, account: &Account) -> Read<Balance> {
        let mut sum = Balance::default();
        for stripe in account.stripes() {
            sum = sum.and(find::balance(self.session, &stripe.id())?);
        }
        Ok(sum)
    }

    /// Payments in these shards whose time is over and that no card attempt holds open.
    pub fn payments_to_expire(
        &self,
        owned: &Shards,
        now: Timestamp,
        count_max: i64,
    ) -> Read<Vec<PaymentId>> {
        if owned.are_none() {
            return Ok(vec![]);
        }
        let values = [Number(now.micros()), Number(count_max), Value::Shards(owned.numbers())];
        self.session.list(statement!(LIST_PAYMENTS_TO_EXPIRE), &values, |row| {
            Ok(PaymentId::from_bytes(row.get(0)?))
        })
    }

    /// Attempts of one mode, and so of one acquirer, in these shards, whose order is to be looked at.
    pub fn attempts_to_look_at(
        &self,
        owned: &Shards,
        mode: Mode,
        now: Timestamp,
        count_max: i64,
    ) -> Read<Vec<(PaymentId, u16)>> {
        if owned.are_none() {
            return Ok(vec![]);
        }
        let shards = Value::Shards(owned.numbers());
        let values = [Number(now.micros()), Text(mode.as_str()), Number(count_max), shards];
        self.session.list(statement!(LIST_ATTEMPTS_TO_LOOK_AT), &values, |row| {
            Ok((PaymentId::from_bytes(row.get(0)?), row.get(1)?))
        })
    }

    /// Attempts that are not final: open, to be looked at, or waiting for an operator.
    pub fn attempts_unresolved(&self, count_max: i64) -> Read<Vec<Attempt>> {
        let values = [Number(count_max)];
        self.session.list(statement!(LIST_ATTEMPTS_UNRESOLVED), &values, rows::attempt_from)
    }

    /// The newest deliveries, of one payment or of all.
    pub fn deliveries(&self, of: Option<&PaymentId>, count_max: i64) -> Read<Vec<Delivery>> {
        if let Some(id) = of {
            let sql = statement!(LIST_DELIVERIES_OF_PAYMENT);
            return self.session.list(sql, &find::key(id), rows::delivery_from);
        }
        let values = [Number(count_max)];
        self.session.list(statement!(LIST_DELIVERIES), &values, rows::delivery_from)
    }

    /// An event.
    pub fn event(&self, id: &EventId) -> Read<Option<Event>> {
        let values = [Shard(id.shard().0), Id(id.as_bytes())];
        self.session.find(statement!(FIND_EVENT), &values, rows::event_from)
    }

    /// Whether something was made under an idempotency key that is still remembered.
    pub fn has_idempotency_key(&self, scope: &IdempotencyScope) -> Read<bool> {
        Ok(find::idempotency_row(self.session, scope)?.is_some())
    }

    /// What a receiver was found to take.
    pub fn learned_method(&self, app: &AppId, origin: &str) -> Read<Option<DeliveryMethod>> {
        find::learned_method(self.session, app, origin)
    }

    /// Idempotency keys in these shards that were made before this moment, oldest first.
    pub fn idempotency_keys_to_prune(
        &self,
        owned: &Shards,
        before: Timestamp,
        count_max: i64,
    ) -> Read<Vec<IdempotencyScope>> {
        if owned.are_none() {
            return Ok(vec![]);
        }
        let shards = Value::Shards(owned.numbers());
        let values = [Number(before.micros()), Number(count_max), shards];
        let sql = statement!(LIST_IDEMPOTENCY_KEYS_TO_PRUNE);
        self.session.list(sql, &values, rows::idempotency_scope_from)
    }

    /// When the time of the next payment in these shards is over.
    pub fn next_expiry(&self, owned: &Shards) -> Read<Option<Timestamp>> {
        self.next(statement!(NEXT_EXPIRY), owned)
    }

    /// When the next order in these shards is to be looked at.
    pub fn next_look(&self, owned: &Shards) -> Read<Option<Timestamp>> {
        self.next(statement!(NEXT_LOOK), owned)
    }

    pub(crate) fn next(&self, sql: Statement, owned: &Shards) -> Read<Option<Timestamp>> {
        if owned.are_none() {
            return Ok(None);
        }
        let values = [Value::Shards(owned.numbers())];
        let found = self.session.find(sql, &values, |row| row.get::<Option<i64>>(0))?;
        Ok(found.flatten().map(Timestamp::from_micros))
    }
}
