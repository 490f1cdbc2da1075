//! Codes sent to a payer's phone. What is kept is a keyed hash; the code itself lives in memory.

use hmac::{Hmac, KeyInit, Mac};
use rand_core::Rng;
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;

use crate::ids::{ChallengeId, PaymentId};
use crate::time::Timestamp;

/// The key that codes are hashed with; derived from the master key.
#[derive(Clone)]
pub struct CodeKey([u8; 32]);

impl CodeKey {
    /// The key from its bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash of a code, bound to its challenge (and so to payment and amount): the same six
    /// digits of another payment hash to something else.
    pub fn hash(&self, challenge: &ChallengeId, payment: &PaymentId, code: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any key length is taken");
        mac.update(challenge.as_bytes());
        mac.update(payment.as_bytes());
        mac.update(code.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKey(***)")
    }
}

/// A code on its way to a phone: shown by [`Code::expose`] only, never by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Six digits, each equally likely.
    pub fn draw(rng: &mut dyn Rng) -> Self {
        // Numbers at or above the largest multiple of a million are drawn again: no digit is
        // favoured.
        const BOUND: u32 = u32::MAX - u32::MAX % 1_000_000;
        loop {
            let number = rng.next_u32();
            if number < BOUND {
                return Self(format!("{:06}", number % 1_000_000));
            }
        }
    }

    /// The six digits, for the message.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(***)")
    }
}

/// A code that waits to be typed: single use, for one attempt of one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Its id.
    pub id: ChallengeId,
    /// The payment it confirms.
    pub payment: PaymentId,
    /// The attempt it confirms.
    pub attempt: u16,
    /// Keyed hash of the code.
    pub code_hash: [u8; 32],
    /// When it was sent.
    pub sent_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
    /// Wrong codes so far.
    pub tries: i64,
    /// Whether it has been used, used up, or replaced by a newer one.
    pub ended: bool,
    /// Raised by one with each change.
    pub version: i64,
}

impl Challenge {
    /// Whether this is the code, compared in constant time.
    pub fn is(&self, code: &str, key: &CodeKey) -> bool {
        let hash = key.hash(&self.id, &self.payment, code);
        self.code_hash.ct_eq(&hash).into()
    }
}
