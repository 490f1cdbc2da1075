//! Writes merchants, apps, keys, terminals, wallets and windows of sent codes: the tables that are small.

use qisma_domain::changes::Changes;
use qisma_domain::link::Link;
use rusqlite::{Connection, params};

use super::save::{Step, one_row};
use super::sql;
use crate::fold::fold_rows;

/// Writes these rows, and takes them out of the changes.
pub(super) fn save_people(connection: &Connection, changes: &mut Changes) -> Step {
    save_merchants(connection, changes)?;
    save_apps(connection, changes)?;
    save_key_pairs(connection, changes)?;
    save_terminals(connection, changes)?;
    save_wallets(connection, changes)?;
    save_phone_windows(connection, changes)
}

fn save_merchants(connection: &Connection, changes: &mut Changes) -> Step {
    let rows = std::mem::take(&mut changes.merchants);
    for write in fold_rows(rows, |row| row.id, |row| row.version) {
        let row = &write.row;
        let image_url = row.image_url.as_ref().map(Link::as_str);
        if write.expected_version > 0 {
            let updated = connection.prepare_cached(sql::UPDATE_MERCHANT)?.execute(params![
                row.id.number(),
                row.name,
                image_url,
                row.status.as_str(),
                row.version,
                write.expected_version,
            ])?;
            one_row(updated, "merchant")?;
            continue;
        }
        connection.prepare_cached(sql::INSERT_MERCHANT)?.execute(params![
            row.id.number(),
            row.name,
            image_url,
            row.status.as_str(),
            row.created_at.micros(),
            row.version,
        ])?;
    }
    Ok(())
}

fn save_apps(connection: &Connection, changes: &mut Changes) -> Step {
    let rows = std::mem::take(&mut changes.apps);
    for write in fold_rows(rows, |row| row.id, |row| row.version) {
        let row = &write.row;
        if write.expected_version > 0 {
            let updated = connection.prepare_cached(sql::UPDATE_APP)?.execute(params![
                row.id.as_bytes(),
                row.webhook_mode.as_str(),
                row.webhook_secret_sealed,
                row.version,
                write.expected_version,
            ])?;
            one_row(updated, "app")?;
            continue;
        }
        connection.prepare_cached(sql::INSERT_APP)?.execute(params![
            row.id.as_bytes(),
            row.merchant.number(),
            row.mode.as_str(),
            row.webhook_mode.as_str(),
            row.webhook_secret_sealed,
            row.created_at.micros(),
            row.version,
        ])?;
    }
    Ok(())
}

fn save_key_pairs(connection: &Connection, changes: &mut Changes) -> Step {
    let rows = std::mem::take(&mut changes.key_pairs);
    for write in fold_rows(rows, |row| row.public_key.clone(), |row| row.version) {
        let row = &write.row;
        let expires = row.expires_at.map(qisma_domain::time::Timestamp::micros);
        if write.expected_version > 0 {
            let updated = connection.prepare_cached(sql::UPDATE_KEY_PAIR)?.execute(params![
                row.public_key,
                expires,
                row.version,
                write.expected_version,
            ])?;
            one_row(updated, "key pair")?;
            continue;
        }
        connection.prepare_cached(sql::INSERT_KEY_PAIR)?.execute(params![
            row.public_key,
            row.app.as_bytes(),
            row.kind.as_str(),
            row.name,
            row.private_key_hash,
            row.created_at.micros(),
            expires,
            row.version,
        ])?;
    }
    Ok(())
}

fn save_terminals(connection: &Connection, changes: &mut Changes) -> Step {
    for row in std::mem::take(&mut changes.terminals) {
        connection.prepare_cached(sql::INSERT_TERMINAL)?.execute(params![
            row.merchant.number(),
            row.id.as_str(),
            row.serial_number.as_str(),
            row.created_at.micros(),
            row.version,
        ])?;
    }
    Ok(())
}

fn save_wallets(connection: &Connection, changes: &mut Changes) -> Step {
    for row in std::mem::take(&mut changes.wallets) {
        connection.prepare_cached(sql::INSERT_WALLET)?.execute(params![
            row.id.shard().0,
            row.id.as_bytes(),
            row.mode.as_str(),
            row.phone.as_str(),
            row.name,
            row.created_at.micros(),
            row.version,
        ])?;
    }
    Ok(())
}

fn save_phone_windows(connection: &Connection, changes: &mut Changes) -> Step {
    let rows = std::mem::take(&mut changes.phone_windows);
    for write in fold_rows(rows, |row| (row.mode, row.phone.clone()), |row| row.version) {
        let row = &write.row;
        let codes = serde_json::to_string(&row.codes).expect("numbers are JSON");
        let shard = row.phone.shard(row.mode).0;
        if write.expected_version > 0 {
            let updated = connection.prepare_cached(sql::UPDATE_PHONE_WINDOW)?.execute(params![
                shard,
                row.mode.as_str(),
                row.phone.as_str(),
                codes,
                row.version,
                write.expected_version,
            ])?;
            one_row(updated, "phone window")?;
            continue;
        }
        connection.prepare_cached(sql::INSERT_PHONE_WINDOW)?.execute(params![
            shard,
            row.mode.as_str(),
            row.phone.as_str(),
            codes,
            row.version,
        ])?;
    }
    Ok(())
}
