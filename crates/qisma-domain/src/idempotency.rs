//! Idempotency keys: the same request twice has one effect and one answer (ADR 0012).

use crate::ids::{MerchantId, Mode, PaymentId, Shard};
use crate::limits::IDEMPOTENCY_KEY_CHARS_MAX;
use crate::time::Timestamp;

/// A key as the caller wrote it: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdempotencyKey(String);

/// A key that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Idempotency-Key is 1 to 255 visible ASCII characters; send a fresh UUID for each payment")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// Reads a key. A quoted structured-field string and the bare token are the same key (IETF
    /// Idempotency-Key draft).
    pub fn parse(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let bare = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|_| text.len() >= 2)
            .unwrap_or(text);
        Self::from_stored(bare)
    }

    /// The key that was stored: its quotes, if it still has any, are part of it.
    pub fn from_stored(bare: &str) -> Result<Self, InvalidIdempotencyKey> {
        let visible = bare.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        if bare.is_empty() || bare.len() > IDEMPOTENCY_KEY_CHARS_MAX || !visible {
            return Err(InvalidIdempotencyKey);
        }
        Ok(Self(bare.to_owned()))
    }

    /// The key's characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a key counts: a merchant's, in one mode, and for what is done with a payment, that payment's.
/// Not the token's, because rotating keys must not turn a retry into a second payment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdempotencyScope {
    /// The merchant.
    pub merchant: MerchantId,
    /// Test or live.
    pub mode: Mode,
    /// The payment that something is done with; nothing where one is made.
    pub about: Option<PaymentId>,
    /// The key.
    pub key: IdempotencyKey,
}

impl IdempotencyScope {
    /// The payment that it is about as it is stored; empty where one is made.
    pub fn about_text(&self) -> String {
        self.about.map_or_else(String::new, |payment| payment.to_string())
    }

    /// The shard of the key: of the payment that it is about. A payment that is made under it is minted
    /// into the key's shard, so both commit together either way.
    pub fn shard(&self) -> Shard {
        if let Some(payment) = &self.about {
            return payment.shard();
        }
        Shard::of_text(&format!("{}/{}/{}", self.merchant, self.mode.as_str(), self.key.as_str()))
    }
}

/// What is remembered of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRow {
    /// Where it counts.
    pub scope: IdempotencyScope,
    /// Keyed hash of the request as it was understood.
    pub fingerprint: [u8; 32],
    /// What was made under it.
    pub payment: PaymentId,
    /// The answer, as JSON; sent again as it was.
    pub answer: String,
    /// The request that was answered first.
    pub request_id: String,
    /// The path that it was sent to, as the router writes it: how the answer is worded.
    pub route: String,
    /// When.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_key_and_the_bare_one_are_the_same() {
        assert_eq!(IdempotencyKey::parse("\"abc\""), IdempotencyKey::parse("abc"));
    }

    #[test]
    fn a_stored_key_is_read_back_as_it_is() {
        let key = IdempotencyKey::parse("\"\"abc\"\"").unwrap();
        assert_eq!(IdempotencyKey::from_stored(key.as_str()), Ok(key));
    }

    #[test]
    fn a_key_that_is_empty_long_or_not_visible_ascii_is_refused() {
        for bad in ["", "\"\"", "a b", "caf\u{e9}", "a\u{0}", &"k".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(bad), Err(InvalidIdempotencyKey), "{bad:?}");
        }
        assert!(IdempotencyKey::parse(&"k".repeat(255)).is_ok());
    }
}
