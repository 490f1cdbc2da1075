//! Every statement about saved cards.

use rusqlite::{OptionalExtension, Row, Transaction, named_params, params};

use super::BooksError;
use crate::orders::{Binding, CardFacts};

const COLUMNS: &str = "id, user_name, client_id, masked_pan, expiration, holder, brand";

/// Saves a card.
pub fn insert_binding(
    tx: &Transaction<'_>,
    binding: &Binding,
    now_ms: i64,
) -> Result<(), BooksError> {
    let sql =
        "INSERT INTO bindings (id, user_name, client_id, masked_pan, expiration, holder, brand,
            active, created_ms)
        VALUES (:id, :user_name, :client_id, :masked_pan, :expiration, :holder, :brand, 1,
            :created_ms)";
    tx.prepare_cached(sql)?.execute(named_params! {
        ":id": binding.id,
        ":user_name": binding.user_name,
        ":client_id": binding.client_id,
        ":masked_pan": binding.card.masked_pan,
        ":expiration": binding.card.expiration,
        ":holder": binding.card.holder,
        ":brand": binding.card.brand,
        ":created_ms": now_ms,
    })?;
    Ok(())
}

/// A merchant's saved card that can be charged.
pub fn find_binding(
    tx: &Transaction<'_>,
    user_name: &str,
    id: &str,
) -> Result<Option<Binding>, BooksError> {
    let sql =
        format!("SELECT {COLUMNS} FROM bindings WHERE id = ?1 AND user_name = ?2 AND active = 1");
    Ok(tx.prepare_cached(&sql)?.query_row(params![id, user_name], read).optional()?)
}

/// The id under which a client has saved this very card.
pub fn find_same_card(
    tx: &Transaction<'_>,
    (user_name, client_id): (&str, &str),
    card: &CardFacts,
) -> Result<Option<String>, BooksError> {
    let sql = "SELECT id FROM bindings WHERE user_name = ?1 AND client_id = ?2
        AND masked_pan = ?3 AND expiration = ?4 AND active = 1";
    let key = params![user_name, client_id, card.masked_pan, card.expiration];
    Ok(tx.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?)
}

/// What a client has saved, oldest first.
pub fn active_bindings(
    tx: &Transaction<'_>,
    user_name: &str,
    client_id: &str,
) -> Result<Vec<Binding>, BooksError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM bindings WHERE user_name = ?1 AND client_id = ?2 AND active = 1
         ORDER BY created_ms, id"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map(params![user_name, client_id], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Gives a card up for good; false when it was not there to be given up.
pub fn deactivate_binding(
    tx: &Transaction<'_>,
    user_name: &str,
    id: &str,
) -> Result<bool, BooksError> {
    let sql = "UPDATE bindings SET active = 0 WHERE id = ?1 AND user_name = ?2 AND active = 1";
    Ok(tx.prepare_cached(sql)?.execute(params![id, user_name])? == 1)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Binding> {
    Ok(Binding {
        id: row.get("id")?,
        user_name: row.get("user_name")?,
        client_id: row.get("client_id")?,
        card: CardFacts {
            masked_pan: row.get("masked_pan")?,
            expiration: row.get("expiration")?,
            holder: row.get("holder")?,
            brand: row.get("brand")?,
        },
    })
}
