//! Ids. Every id of a big table is 16 bytes that end in its shard byte (ADR 0008), so that whatever
//! must commit together can be minted into one shard.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand_core::Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

use crate::time::Timestamp;

/// One of 256 shards; the last byte of every id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shard(pub u8);

impl Shard {
    /// The shard that a text belongs to: the same text, the same shard, for ever.
    pub fn of_text(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        Self(digest[0])
    }

    /// A shard drawn by chance, for what nothing else ties down.
    pub fn random(rng: &mut dyn Rng) -> Self {
        let mut byte = [0];
        rng.fill_bytes(&mut byte);
        Self(byte[0])
    }
}

/// An id that is not one: wrong length, wrong letters, or another spelling of the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 22 characters of base64url are expected")]
pub struct InvalidId;

fn mint_bytes(shard: Shard, now: Timestamp, rng: &mut dyn Rng) -> [u8; 16] {
    // 6 bytes of milliseconds keep inserts near each other; 72 random bits cannot be guessed.
    let millis = u64::try_from(now.micros().max(0) / 1000).unwrap_or(0).to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&millis[2..]);
    rng.fill_bytes(&mut bytes[6..15]);
    bytes[15] = shard.0;
    bytes
}

macro_rules! sharded_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// What the id's text begins with.
            pub const PREFIX: &str = $prefix;

            /// A new id in this shard.
            pub fn mint(shard: Shard, now: Timestamp, rng: &mut dyn Rng) -> Self {
                Self(mint_bytes(shard, now, rng))
            }

            /// The id that these bytes are; any 16 bytes are one.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes that are stored.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// The shard the id lives in.
            pub const fn shard(&self) -> Shard {
                Shard(self.0[15])
            }

            /// Reads the id's one spelling: its prefix and 22 characters of base64url.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let text = text.strip_prefix(Self::PREFIX).ok_or(InvalidId)?;
                if text.len() != 22 {
                    return Err(InvalidId);
                }
                let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidId)?;
                Ok(Self(bytes.try_into().map_err(|_| InvalidId)?))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

sharded_id!(
    /// A payment, as the Flouci API writes it: 22 characters, no prefix (Flouci API, section 2).
    PaymentId,
    ""
);
sharded_id!(
    /// A payer's wallet.
    WalletId,
    "wal_"
);
sharded_id!(
    /// A code sent to a payer's phone, waiting to be typed.
    ChallengeId,
    "otp_"
);
sharded_id!(
    /// An account of the ledger.
    AccountId,
    "acc_"
);
sharded_id!(
    /// A journal entry.
    EntryId,
    "ent_"
);
sharded_id!(
    /// An event: something that happened to a payment (Standard Webhooks: the message id).
    EventId,
    "evt_"
);
sharded_id!(
    /// One receiver's copy of an event.
    DeliveryId,
    "dlv_"
);
sharded_id!(
    /// A refund, as the Flouci API writes it (section 4).
    RefundId,
    "ref_"
);
sharded_id!(
    /// A merchant's app: a pair of keys, a mode, a webhook secret.
    AppId,
    "app_"
);

sharded_id!(
    /// Money of an account that is reserved for one attempt to pay.
    HoldId,
    "hld_"
);

impl HoldId {
    /// The id of what an attempt reserves, in the account's shard: asked for twice, it is held once.
    pub fn of(account: &AccountId, payment: &PaymentId, attempt: u16) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"qisma-hold-v1");
        digest.update(account.as_bytes());
        digest.update(payment.as_bytes());
        digest.update(attempt.to_be_bytes());
        let digest = digest.finalize();
        let mut bytes = [0; 16];
        bytes[..15].copy_from_slice(&digest[..15]);
        bytes[15] = account.shard().0;
        Self(bytes)
    }
}

impl AccountId {
    /// The account's id, derived from what the account *is*: no look-up stands between a capture and
    /// its postings, and two writers can never make one account twice.
    pub fn derive(shard: Shard, parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"qisma-account-v1");
        for part in parts {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let digest = digest.finalize();
        let mut bytes = [0; 16];
        bytes[..15].copy_from_slice(&digest[..15]);
        bytes[15] = shard.0;
        Self(bytes)
    }
}

/// A merchant's id: a decimal number without leading zeros, at most 18 digits, written as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MerchantId(i64);

/// Why a text is not a merchant id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMerchantId {
    /// Something else than 1 to 18 ASCII digits.
    #[error("a merchant id is 1 to 18 digits")]
    NotDigits,
    /// A leading zero: another spelling of an id, which would hide a duplicate.
    #[error("a merchant id has no leading zero; write {0}")]
    LeadingZero(i64),
}

impl MerchantId {
    /// Reads an id in its one spelling.
    pub fn parse(text: &str) -> Result<Self, InvalidMerchantId> {
        if text.is_empty() || text.len() > 18 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidMerchantId::NotDigits);
        }
        let number: i64 = text.parse().map_err(|_| InvalidMerchantId::NotDigits)?;
        if text.len() > 1 && text.starts_with('0') {
            return Err(InvalidMerchantId::LeadingZero(number));
        }
        Ok(Self(number))
    }

    /// The number that is stored; `None` when it is negative or too long.
    pub const fn from_number(number: i64) -> Option<Self> {
        if 0 <= number && number <= 999_999_999_999_999_999 { Some(Self(number)) } else { None }
    }

    /// The id as a number, as it is stored.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The shard of everything the merchant owns.
    pub fn shard(self) -> Shard {
        Shard::of_text(&self.to_string())
    }
}

impl fmt::Display for MerchantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for MerchantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "merchant {}", self.0)
    }
}

impl Serialize for MerchantId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MerchantId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Test money or live money. The two never meet: not in an account, not in an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Sandbox money.
    Test,
    /// Real money.
    Live,
}

impl Mode {
    /// `test` or `live`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    /// Reads `test` or `live`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "test" => Some(Self::Test),
            "live" => Some(Self::Live),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling_of_22_characters() {
        let id = PaymentId::from_bytes([7; 16]);
        let text = id.to_string();
        assert_eq!(text.len(), 22);
        assert_eq!(PaymentId::parse(&text), Ok(id));
        // The last character holds 4 spare bits: another letter there would be a second spelling.
        let mut other = text;
        other.pop();
        other.push('x');
        assert_eq!(PaymentId::parse(&other), Err(InvalidId));
    }

    #[test]
    fn an_id_of_another_kind_is_refused_by_its_prefix() {
        let event = EventId::from_bytes([7; 16]).to_string();
        assert_eq!(DeliveryId::parse(&event), Err(InvalidId));
    }

    #[test]
    fn a_merchant_id_with_a_leading_zero_is_refused_and_shown_right() {
        assert_eq!(MerchantId::parse("01234"), Err(InvalidMerchantId::LeadingZero(1234)));
        assert_eq!(MerchantId::parse("1234").unwrap().to_string(), "1234");
        assert_eq!(MerchantId::parse("12a"), Err(InvalidMerchantId::NotDigits));
    }

    #[test]
    fn each_attempt_has_a_hold_of_its_own_in_the_shard_of_the_account() {
        let (account, payment) = (AccountId::from_bytes([9; 16]), PaymentId::from_bytes([7; 16]));
        let holds = [1, 2].map(|attempt| HoldId::of(&account, &payment, attempt));
        assert_ne!(holds[0], holds[1]);
        assert_eq!(holds[0].shard(), account.shard());
    }

    #[test]
    fn accounts_of_different_owners_have_different_ids() {
        let shard = Shard(3);
        assert_ne!(AccountId::derive(shard, &["ab", "c"]), AccountId::derive(shard, &["a", "bc"]));
    }
}
