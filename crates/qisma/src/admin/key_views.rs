//! What operators are shown of apps, their keys and terminals: of a key, nothing that opens anything.

use qisma_domain::app::{App, KeyKind, KeyPair, WebhookMode};
use qisma_domain::ids::{AppId, MerchantId, Mode};
use qisma_domain::terminal::Terminal;
use qisma_domain::time::Timestamp;
use serde::Serialize;

/// An app and the public halves of its keys.
#[derive(Serialize)]
pub struct AppView {
    app_id: AppId,
    merchant: MerchantId,
    mode: Mode,
    webhook_mode: WebhookMode,
    created_at: String,
    keys: Vec<KeyView>,
}

/// A public key; without an end it works until it is rotated.
#[derive(Serialize)]
struct KeyView {
    public_key: String,
    expires_at: Option<String>,
}

impl AppView {
    pub fn of(app: &App, pairs: Vec<KeyPair>) -> Self {
        let key = |pair: KeyPair| KeyView {
            public_key: pair.public_key,
            expires_at: pair.expires_at.map(Timestamp::rfc3339),
        };
        Self {
            app_id: app.id,
            merchant: app.merchant,
            mode: app.mode,
            webhook_mode: app.webhook_mode,
            created_at: app.created_at.rfc3339(),
            keys: pairs.into_iter().filter(|pair| pair.kind == KeyKind::Pair).map(key).collect(),
        }
    }
}

/// An API key, without the key.
#[derive(Serialize)]
pub struct ApiKeyView {
    id: String,
    merchant: MerchantId,
    mode: Mode,
    app_id: AppId,
    name: Option<String>,
    created_at: String,
    revoked_at: Option<String>,
}

impl ApiKeyView {
    pub fn of(key: KeyPair, app: &App) -> Self {
        Self {
            id: key.public_key,
            merchant: app.merchant,
            mode: app.mode,
            app_id: app.id,
            name: key.name,
            created_at: key.created_at.rfc3339(),
            revoked_at: key.expires_at.map(Timestamp::rfc3339),
        }
    }
}

/// A terminal that was registered.
#[derive(Serialize)]
pub struct TerminalView {
    merchant: MerchantId,
    id: String,
    serial_number: String,
    created_at: String,
}

impl TerminalView {
    pub fn of(terminal: &Terminal) -> Self {
        Self {
            merchant: terminal.merchant,
            id: terminal.id.as_str().to_owned(),
            serial_number: terminal.serial_number.as_str().to_owned(),
            created_at: terminal.created_at.rfc3339(),
        }
    }
}
