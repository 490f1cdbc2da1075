//! Every key of the gateway, derived from one master key by purpose (HKDF-SHA256, RFC 5869). A key
//! that leaks for one purpose is of no use for another, and only one secret has to be kept.

mod master;
mod seal;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use qisma_domain::card::CardFingerprint;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use self::master::{KeyError, MasterKey};
pub use self::seal::{Place, SealError};

/// The key for one purpose; wiped from memory when dropped.
type SubKey = Zeroizing<[u8; 32]>;

/// The derived keys. It has no `Debug`: nothing in it may be printed but [`key_id`](Self::key_id).
pub struct Keyring {
    key_id: String,
    api_key_pepper: SubKey,
    otp: SubKey,
    csrf: SubKey,
    fingerprint: SubKey,
    secrets: SubKey,
    phone: SubKey,
    webhook_jitter: SubKey,
}

impl Keyring {
    /// Derives every key. The same master key gives the same keys, on every node and for ever:
    /// changing a label below makes what was stored under it unreadable.
    pub fn new(master: &MasterKey) -> Self {
        let derivation = Hkdf::<Sha256>::new(None, master.bytes());
        let derive = |purpose: &str| {
            let mut key = Zeroizing::new([0; 32]);
            let label = format!("qisma/v1/{purpose}");
            derivation
                .expand(label.as_bytes(), key.as_mut())
                .expect("HKDF-SHA256 gives up to 8,160 bytes, and 32 are asked for");
            key
        };
        let [a, b, c, d, ..] = *derive("key id");
        Self {
            key_id: format!("{a:02x}{b:02x}{c:02x}{d:02x}"),
            api_key_pepper: derive("api key pepper"),
            otp: derive("otp"),
            csrf: derive("csrf"),
            fingerprint: derive("idempotency fingerprint"),
            secrets: derive("secrets"),
            phone: derive("phone and velocity"),
            webhook_jitter: derive("webhook jitter"),
        }
    }

    /// A short name of the master key that says nothing about it. The database remembers it, so
    /// that a gateway started with another key refuses instead of finding every secret unreadable.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// What is stored of an API key's private half. A plain keyed hash is enough: the key has too
    /// much chance in it to be guessed, and a slow hash would only slow every request.
    pub fn hash_api_key(&self, private_key: &str) -> [u8; 32] {
        mac(&self.api_key_pepper, &[private_key.as_bytes()])
    }

    /// Whether `candidate` is the private key that `stored_hash` was made of, in a time that does
    /// not depend on how much of it is right.
    pub fn verify_api_key(&self, stored_hash: &[u8], candidate: &str) -> bool {
        bool::from(self.hash_api_key(candidate).as_slice().ct_eq(stored_hash))
    }

    /// The key under which one-time codes are hashed.
    pub fn otp_key(&self) -> &[u8; 32] {
        &self.otp
    }

    /// The key under which phone numbers and other velocity counters are hashed.
    pub fn phone_key(&self) -> &[u8; 32] {
        &self.phone
    }

    /// What limits know a card by: nobody without the key can tell which card it is, not even by trying
    /// every number, and live cards are never those of the sandbox.
    pub fn card_fingerprint(&self, mode: &str, masked_pan: &str, expiry: &str) -> CardFingerprint {
        let parts = ["card", mode, masked_pan, expiry].map(str::as_bytes);
        CardFingerprint::from_bytes(mac(&self.phone, &parts))
    }

    /// The key that spreads the retries of webhooks, repeatably for one delivery.
    pub fn webhook_jitter_key(&self) -> &[u8; 32] {
        &self.webhook_jitter
    }

    /// What is stored under an idempotency key to tell whether the same key came with the same
    /// request. The parts are kept apart: `["ab", "c"]` and `["a", "bc"]` differ.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac(&self.fingerprint, parts)
    }

    /// The token of one form of one payment's page. It needs no cookie and no session: another
    /// site cannot make one, and one made for another payment or another form is refused.
    pub fn csrf_token(&self, payment_id: &str, form: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.csrf_mac(payment_id, form))
    }

    /// Whether a form came back with the token of [`csrf_token`](Self::csrf_token).
    pub fn check_csrf(&self, payment_id: &str, form: &str, candidate: &str) -> bool {
        // Compared as bytes: base64url without padding has one spelling for each.
        let Ok(candidate) = URL_SAFE_NO_PAD.decode(candidate) else { return false };
        bool::from(self.csrf_mac(payment_id, form).as_slice().ct_eq(&candidate))
    }

    fn csrf_mac(&self, payment_id: &str, form: &str) -> [u8; 32] {
        mac(&self.csrf, &[payment_id.as_bytes(), form.as_bytes()])
    }
}

/// HMAC-SHA256 over parts, each preceded by its length.
fn mac(key: &SubKey, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice())
        .expect("HMAC takes a key of any length, and this one has 32 bytes");
    for part in parts {
        mac.update(&length_prefix(part));
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The length of a part, so that no two lists of parts are written the same.
fn length_prefix(part: &[u8]) -> [u8; 8] {
    u64::try_from(part.len()).expect("a length in memory fits in 64 bits").to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Randomness;

    pub(super) fn keyring(seed: u64) -> Keyring {
        Keyring::new(&MasterKey::generate(&mut *Randomness::seeded(seed).rng()))
    }

    #[test]
    fn the_private_key_of_an_app_is_recognised() {
        let stored = keyring(1).hash_api_key("2c9e0b46");
        assert!(keyring(1).verify_api_key(&stored, "2c9e0b46"));
    }

    #[test]
    fn another_private_key_is_refused() {
        let stored = keyring(1).hash_api_key("2c9e0b46");
        assert!(!keyring(1).verify_api_key(&stored, "2c9e0b47"));
    }

    #[test]
    fn a_hash_made_under_another_master_key_is_refused() {
        let stored = keyring(2).hash_api_key("2c9e0b46");
        assert!(!keyring(1).verify_api_key(&stored, "2c9e0b46"));
    }

    #[test]
    fn two_master_keys_have_two_ids() {
        assert_ne!(keyring(1).key_id(), keyring(2).key_id());
    }

    #[test]
    fn a_form_comes_back_with_its_own_token() {
        let token = keyring(1).csrf_token("payment-1", "wallet");
        assert!(keyring(1).check_csrf("payment-1", "wallet", &token));
    }

    #[test]
    fn the_token_of_another_payment_is_refused() {
        let token = keyring(1).csrf_token("payment-1", "wallet");
        assert!(!keyring(1).check_csrf("payment-2", "wallet", &token));
    }

    #[test]
    fn the_token_of_another_form_is_refused() {
        let token = keyring(1).csrf_token("payment-1", "wallet");
        assert!(!keyring(1).check_csrf("payment-1", "cancel", &token));
    }

    #[test]
    fn moving_a_letter_between_payment_and_form_makes_another_token() {
        let token = keyring(1).csrf_token("payment-1", "card");
        assert!(!keyring(1).check_csrf("payment-1c", "ard", &token));
    }

    #[test]
    fn each_purpose_has_its_own_key() {
        let keyring = keyring(1);
        let keys = [keyring.otp_key(), keyring.phone_key(), keyring.webhook_jitter_key()];
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
    }
}
