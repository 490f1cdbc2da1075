//! The rows of merchants, apps, keys, terminals, wallets and windows.

use qisma_domain::app::{App, KeyKind, KeyPair, WebhookMode};
use qisma_domain::card::{CardFingerprint, CardWindow};
use qisma_domain::ids::{AppId, WalletId};
use qisma_domain::merchant::{Merchant, MerchantStatus};
use qisma_domain::phone::Phone;
use qisma_domain::terminal::{Terminal, TerminalId};
use qisma_domain::time::Timestamp;
use qisma_domain::wallet::{PhoneWindow, Wallet};

use super::{Read, at, fee_plan, json, known, link, merchant_id, mode};
use crate::error::ReadError;
use crate::row::Row;

/// A merchant.
pub fn merchant_from(row: &Row<'_>) -> Read<Merchant> {
    Ok(Merchant {
        id: merchant_id(row, 0)?,
        name: row.get(1)?,
        image_url: link(row, 2)?,
        status: known(MerchantStatus::parse(&row.get::<String>(3)?), "merchant status")?,
        created_at: at(row, 4)?,
        version: row.get(5)?,
        fee_plan: fee_plan(row, 6)?,
    })
}

/// A terminal.
pub fn terminal_from(row: &Row<'_>) -> Read<Terminal> {
    let named = |index| {
        let text: String = row.get(index)?;
        known(TerminalId::parse(&text).ok(), "terminal")
    };
    Ok(Terminal {
        merchant: merchant_id(row, 0)?,
        id: named(1)?,
        serial_number: named(2)?,
        created_at: at(row, 3)?,
        version: row.get(4)?,
    })
}

/// An app.
pub fn app_from(row: &Row<'_>) -> Read<App> {
    Ok(App {
        id: AppId::from_bytes(row.get(0)?),
        merchant: merchant_id(row, 1)?,
        mode: mode(row, 2)?,
        webhook_mode: known(WebhookMode::parse(&row.get::<String>(3)?), "webhook mode")?,
        webhook_secret_sealed: row.get(4)?,
        created_at: at(row, 5)?,
        version: row.get(6)?,
    })
}

/// A pair of keys.
pub fn key_pair_from(row: &Row<'_>) -> Read<KeyPair> {
    Ok(KeyPair {
        public_key: row.get(0)?,
        app: AppId::from_bytes(row.get(1)?),
        kind: known(KeyKind::parse(&row.get::<String>(2)?), "key kind")?,
        name: row.get(3)?,
        private_key_hash: row.get(4)?,
        created_at: at(row, 5)?,
        expires_at: row.get::<Option<i64>>(6)?.map(Timestamp::from_micros),
        version: row.get(7)?,
    })
}

/// A wallet.
pub fn wallet_from(row: &Row<'_>) -> Read<Wallet> {
    Ok(Wallet {
        id: WalletId::from_bytes(row.get(0)?),
        mode: mode(row, 1)?,
        phone: phone(row, 2)?,
        name: row.get(3)?,
        created_at: at(row, 4)?,
        version: row.get(5)?,
    })
}

fn phone(row: &Row<'_>, column: usize) -> Read<Phone> {
    let text: String = row.get(column)?;
    Phone::parse(&text).map_err(|_| ReadError::Corrupt("phone".into()))
}

/// A window of sent codes.
pub fn phone_window_from(row: &Row<'_>) -> Read<PhoneWindow> {
    Ok(PhoneWindow {
        mode: mode(row, 0)?,
        phone: phone(row, 1)?,
        codes: json(&row.get::<String>(2)?, "phone window")?,
        version: row.get(3)?,
    })
}

/// A card's fingerprint.
pub fn card_from(row: &Row<'_>) -> Read<CardFingerprint> {
    known(CardFingerprint::try_from(row.get::<String>(0)?).ok(), "card's fingerprint")
}

/// A window of declined cards.
pub fn card_window_from(row: &Row<'_>) -> Read<CardWindow> {
    Ok(CardWindow {
        card: card_from(row)?,
        declined_at: json(&row.get::<String>(1)?, "card window")?,
        version: row.get(2)?,
    })
}
