//! Every statement about orders.

use rusqlite::{OptionalExtension, Row, Transaction, named_params, params};

use super::BooksError;
use crate::orders::{Approval, CardFacts, Order, State};

const COLUMNS: &str = "id, user_name, order_number, amount, currency, description, return_url,
    fail_url, callback_url, language, ip, terminal, two_phase, created_ms, expires_ms, status,
    action_code, approved, deposited, refunded, masked_pan, expiration, holder, brand, approval_code,
    approval_reference, approved_ms, deposited_ms";

/// How an order is named. The variants that carry a merchant never give away another's order.
#[derive(Clone, Debug)]
pub enum Key {
    /// By the payer, who holds the unguessable id.
    Payer(String),
    /// By the merchant: login and the acquirer's id.
    OrderId(String, String),
    /// By the merchant: login and his own number.
    OrderNumber(String, String),
}

/// Which orders of a merchant are listed.
pub struct Filter {
    /// The merchant's login.
    pub user_name: String,
    /// Registered at or after.
    pub from_ms: i64,
    /// Registered at or before.
    pub to_ms: i64,
    /// Only these `orderStatus`, as JSON array of numbers.
    pub statuses: String,
    /// Orders per page.
    pub size: i64,
    /// From 0.
    pub page: i64,
}

/// Inserts a new order; false, and nothing is changed, when the merchant has used the number before.
pub fn insert(tx: &Transaction<'_>, order: &Order) -> Result<bool, BooksError> {
    let sql = "INSERT INTO orders (id, user_name, order_number, amount, currency, description,
            return_url, fail_url, callback_url, language, ip, terminal, two_phase, created_ms,
            expires_ms, status, action_code, approved, deposited, refunded)
        VALUES (:id, :user_name, :order_number, :amount, :currency, :description, :return_url,
            :fail_url, :callback_url, :language, :ip, :terminal, :two_phase, :created_ms, :expires_ms,
            :status, :action_code, 0, 0, 0)
        ON CONFLICT (user_name, order_number) DO NOTHING";
    let inserted = tx.prepare_cached(sql)?.execute(named_params! {
        ":id": order.id,
        ":user_name": order.user_name,
        ":order_number": order.order_number,
        ":amount": order.amount,
        ":currency": order.currency,
        ":description": order.description,
        ":return_url": order.return_url,
        ":fail_url": order.fail_url,
        ":callback_url": order.callback_url,
        ":language": order.language,
        ":ip": order.ip,
        ":terminal": order.terminal,
        ":two_phase": order.two_phase,
        ":created_ms": order.created_ms,
        ":expires_ms": order.expires_ms,
        ":status": order.state.status(),
        ":action_code": order.action_code,
    })?;
    Ok(inserted == 1)
}

/// Finds an order.
pub fn find(tx: &Transaction<'_>, key: &Key) -> Result<Option<Order>, BooksError> {
    let (condition, first, second) = match key {
        // The second parameter is named only so that all three statements take two.
        Key::Payer(id) => ("id = ?1 AND ?2 = ''", id, ""),
        Key::OrderId(user, id) => ("id = ?1 AND user_name = ?2", id, user.as_str()),
        Key::OrderNumber(user, number) => {
            ("order_number = ?1 AND user_name = ?2", number, user.as_str())
        }
    };
    let sql = format!("SELECT {COLUMNS} FROM orders WHERE {condition}");
    let row = tx
        .prepare_cached(&sql)?
        .query_row(params![first, second], |row| Ok(read(row)))
        .optional()?;
    row.transpose()
}

/// The merchant's number of an order, for the fault switches.
pub fn order_number_of(tx: &Transaction<'_>, id: &str) -> Result<Option<String>, BooksError> {
    let sql = "SELECT order_number FROM orders WHERE id = ?1";
    Ok(tx.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?)
}

/// Writes everything that can change in an order.
pub fn update(tx: &Transaction<'_>, order: &Order) -> Result<(), BooksError> {
    let sql = "UPDATE orders SET status = :status, action_code = :action_code,
            approved = :approved, deposited = :deposited, refunded = :refunded,
            masked_pan = :masked_pan, expiration = :expiration, holder = :holder, brand = :brand,
            approval_code = :approval_code, approval_reference = :approval_reference,
            approved_ms = :approved_ms, deposited_ms = :deposited_ms
        WHERE id = :id";
    let card = order.card.as_ref();
    let approval = order.approval.as_ref();
    let updated = tx.prepare_cached(sql)?.execute(named_params! {
        ":status": order.state.status(),
        ":action_code": order.action_code,
        ":approved": order.approved,
        ":deposited": order.deposited,
        ":refunded": order.refunded,
        ":masked_pan": card.map(|card| &card.masked_pan),
        ":expiration": card.map(|card| &card.expiration),
        ":holder": card.map(|card| &card.holder),
        ":brand": card.map(|card| &card.brand),
        ":approval_code": approval.map(|approval| &approval.code),
        ":approval_reference": approval.map(|approval| &approval.reference),
        ":approved_ms": approval.map(|approval| approval.at_ms),
        ":deposited_ms": order.deposited_ms,
        ":id": order.id,
    })?;
    assert_eq!(updated, 1, "an order that was just read is there to be written");
    Ok(())
}

/// The ids of a merchant's unpaid orders whose session is over.
pub fn sessions_over(
    tx: &Transaction<'_>,
    user_name: &str,
    now_ms: i64,
) -> Result<Vec<String>, BooksError> {
    let sql = "SELECT id FROM orders
        WHERE user_name = ?1 AND status IN (0, 5) AND expires_ms <= ?2 ORDER BY seq";
    let mut statement = tx.prepare_cached(sql)?;
    let ids = statement.query_map(params![user_name, now_ms], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// One page of a merchant's orders, oldest first, and how many there are on all pages.
pub fn list(tx: &Transaction<'_>, filter: &Filter) -> Result<(Vec<Order>, i64), BooksError> {
    let condition = "user_name = :user_name AND created_ms BETWEEN :from_ms AND :to_ms
        AND status IN (SELECT value FROM json_each(:statuses))";
    let count = format!("SELECT count(*) FROM orders WHERE {condition}");
    let total = tx.prepare_cached(&count)?.query_row(
        named_params! {
            ":user_name": filter.user_name,
            ":from_ms": filter.from_ms,
            ":to_ms": filter.to_ms,
            ":statuses": filter.statuses,
        },
        |row| row.get(0),
    )?;
    let sql = format!(
        "SELECT {COLUMNS} FROM orders WHERE {condition}
         ORDER BY created_ms, seq LIMIT :size OFFSET :skip"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map(
        named_params! {
            ":user_name": filter.user_name,
            ":from_ms": filter.from_ms,
            ":to_ms": filter.to_ms,
            ":statuses": filter.statuses,
            ":size": filter.size,
            ":skip": filter.page.saturating_mul(filter.size),
        },
        |row| Ok(read(row)),
    )?;
    let orders = rows.map(|row| row?).collect::<Result<_, _>>()?;
    Ok((orders, total))
}

/// What waits at a terminal, oldest first.
pub fn waiting_at(
    tx: &Transaction<'_>,
    terminal: &str,
    now_ms: i64,
) -> Result<Vec<Order>, BooksError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM orders
         WHERE terminal = ?1 AND status = 0 AND expires_ms > ?2 ORDER BY seq LIMIT 100"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map(params![terminal, now_ms], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// What was asked for under a merchant's refund id, if it was used before.
pub fn refund_amount(
    tx: &Transaction<'_>,
    order_id: &str,
    external_id: &str,
) -> Result<Option<i64>, BooksError> {
    let sql = "SELECT amount FROM refunds WHERE order_id = ?1 AND external_id = ?2";
    let amount = tx
        .prepare_cached(sql)?
        .query_row(params![order_id, external_id], |row| row.get(0))
        .optional()?;
    Ok(amount)
}

/// Remembers what was asked for under a merchant's refund id.
pub fn keep_refund(
    tx: &Transaction<'_>,
    order_id: &str,
    external_id: &str,
    amount: i64,
) -> Result<(), BooksError> {
    let sql = "INSERT INTO refunds (order_id, external_id, amount) VALUES (?1, ?2, ?3)";
    tx.prepare_cached(sql)?.execute(params![order_id, external_id, amount])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Order, BooksError> {
    let status = row.get("status")?;
    let card = match row.get::<_, Option<String>>("masked_pan")? {
        None => None,
        Some(masked_pan) => Some(CardFacts {
            masked_pan,
            expiration: row.get("expiration")?,
            holder: row.get("holder")?,
            brand: row.get("brand")?,
        }),
    };
    let approval = match row.get::<_, Option<String>>("approval_code")? {
        None => None,
        Some(code) => Some(Approval {
            code,
            reference: row.get("approval_reference")?,
            at_ms: row.get("approved_ms")?,
        }),
    };
    Ok(Order {
        id: row.get("id")?,
        user_name: row.get("user_name")?,
        order_number: row.get("order_number")?,
        amount: row.get("amount")?,
        currency: row.get("currency")?,
        description: row.get("description")?,
        return_url: row.get("return_url")?,
        fail_url: row.get("fail_url")?,
        callback_url: row.get("callback_url")?,
        language: row.get("language")?,
        ip: row.get("ip")?,
        terminal: row.get("terminal")?,
        two_phase: row.get("two_phase")?,
        created_ms: row.get("created_ms")?,
        expires_ms: row.get("expires_ms")?,
        state: State::of_status(status).ok_or(BooksError::Status(status))?,
        action_code: row.get("action_code")?,
        approved: row.get("approved")?,
        deposited: row.get("deposited")?,
        refunded: row.get("refunded")?,
        card,
        approval,
        deposited_ms: row.get("deposited_ms")?,
    })
}
