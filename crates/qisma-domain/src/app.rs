//! Apps: a merchant's way in, with its keys, its mode and its way of hearing.

use serde::{Deserialize, Serialize};

use crate::ids::{AppId, MerchantId, Mode};
use crate::time::Timestamp;

/// How an app's webhooks are sent (Flouci API, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookMode {
    /// `GET` with `payment_id` and `success` in the query, as Flouci does.
    Get,
    /// `POST` with a JSON body.
    Post,
    /// `GET`, and `POST` where the receiver answers 404 or 405; what works is remembered.
    Auto,
}

impl WebhookMode {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Auto => "auto",
        }
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Auto].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// An app of a merchant, in one mode for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Test or live.
    pub mode: Mode,
    /// How its webhooks are sent.
    pub webhook_mode: WebhookMode,
    /// The webhook secret, sealed under the master key.
    pub webhook_secret_sealed: Vec<u8>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Raised by one with each change.
    pub version: i64,
}

/// What a pair of keys opens. Neither opens what the other does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// An app's two keys, shown as `Bearer PUBLIC:PRIVATE` (Flouci API, section 1).
    Pair,
    /// The two written as one and shown as `Api-Key KEY` (Flouci API, section 5).
    ApiKey,
}

impl KeyKind {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::ApiKey => "api_key",
        }
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pair, Self::ApiKey].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A pair of UUID keys. The private one is known only as a keyed hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// The public key: finds the pair.
    pub public_key: String,
    /// Whose pair it is.
    pub app: AppId,
    /// What it opens.
    pub kind: KeyKind,
    /// What its owner calls it; only of an API key.
    pub name: Option<String>,
    /// Keyed hash of the private key.
    pub private_key_hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working, once it has been rotated or revoked.
    pub expires_at: Option<Timestamp>,
    /// Raised by one with each change.
    pub version: i64,
}
