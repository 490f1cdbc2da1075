//! Signatures of webhooks: Standard Webhooks 1.0, the symmetric scheme `v1`.
//!
//! What is signed is `{webhook-id}.{webhook-timestamp}.{raw body}`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::Rng;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::time::Timestamp;

/// How far a signature's time may be from now, either way (Standard Webhooks).
pub const TOLERANCE_SECS: i64 = 300;
/// Shortest secret (Standard Webhooks: 192 bits).
pub const SECRET_BYTES_MIN: usize = 24;
/// Longest secret (Standard Webhooks: 512 bits).
pub const SECRET_BYTES_MAX: usize = 64;

const SECRET_PREFIX: &str = "whsec_";
const VERSION_PREFIX: &str = "v1,";

/// The secret that one receiver shares with us. It has no `Debug` and no `Display`, so that it
/// cannot slip into a log.
#[derive(Clone)]
pub struct WebhookSecret {
    // Invariant: SECRET_BYTES_MIN to SECRET_BYTES_MAX bytes.
    bytes: Vec<u8>,
}

/// Why a text is not a webhook secret. It never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebhookSecret {
    /// No `whsec_` and base64.
    #[error("a webhook secret is whsec_ followed by base64")]
    Malformed,
    /// Too short to be safe, or too long for other implementations.
    #[error("a webhook secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes")]
    WrongLength,
}

impl WebhookSecret {
    /// A new secret of 32 random bytes.
    pub fn random(rng: &mut dyn Rng) -> Self {
        let mut bytes = vec![0; 32];
        rng.fill_bytes(&mut bytes);
        Self { bytes }
    }

    /// The secret that these bytes are.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, InvalidWebhookSecret> {
        if SECRET_BYTES_MIN <= bytes.len() && bytes.len() <= SECRET_BYTES_MAX {
            Ok(Self { bytes })
        } else {
            Err(InvalidWebhookSecret::WrongLength)
        }
    }

    /// Reads `whsec_<base64>`.
    pub fn parse(text: &str) -> Result<Self, InvalidWebhookSecret> {
        let encoded = text.strip_prefix(SECRET_PREFIX).ok_or(InvalidWebhookSecret::Malformed)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| InvalidWebhookSecret::Malformed)?;
        Self::from_bytes(bytes)
    }

    /// The secret as its owner is shown it: `whsec_<base64>`.
    pub fn expose(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(&self.bytes))
    }

    /// The bytes, to be encrypted and stored.
    pub fn expose_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn mac(&self, id: &str, timestamp_secs: i64, body: &[u8]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.bytes).expect("HMAC takes a key of any length");
        mac.update(format!("{id}.{timestamp_secs}.").as_bytes());
        mac.update(body);
        mac.finalize().into_bytes().into()
    }
}

/// The value of `webhook-signature`: one signature for each secret, separated by spaces. While a
/// rotation overlaps there are two. `timestamp_secs` is the time of this try in Unix seconds.
pub fn sign(secrets: &[WebhookSecret], id: &str, timestamp_secs: i64, body: &[u8]) -> String {
    // A dot in the id would let one signed text be read as two different messages.
    assert!(!id.contains('.'), "a message id has no dot");
    let signature = |secret: &WebhookSecret| {
        format!("{VERSION_PREFIX}{}", STANDARD.encode(secret.mac(id, timestamp_secs, body)))
    };
    secrets.iter().map(signature).collect::<Vec<_>>().join(" ")
}

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignature {
    /// Signed too long ago: perhaps a replay.
    #[error("the message was signed more than {TOLERANCE_SECS} seconds ago")]
    TooOld,
    /// Signed in the future.
    #[error("the message was signed more than {TOLERANCE_SECS} seconds in the future")]
    TooNew,
    /// None of the signatures is by one of the secrets.
    #[error("no signature matches; sign the raw body with the endpoint's secret")]
    NoMatch,
}

/// Checks a received message: `signatures` is the value of `webhook-signature`, and any one of
/// them, by any one of the secrets, is enough. Signatures of other versions are passed over.
pub fn verify(
    secrets: &[WebhookSecret],
    id: &str,
    timestamp_secs: i64,
    body: &[u8],
    signatures: &str,
    now: Timestamp,
) -> Result<(), InvalidSignature> {
    let age_secs = now.secs().saturating_sub(timestamp_secs);
    if age_secs > TOLERANCE_SECS {
        return Err(InvalidSignature::TooOld);
    }
    if age_secs < -TOLERANCE_SECS {
        return Err(InvalidSignature::TooNew);
    }
    let expected: Vec<[u8; 32]> =
        secrets.iter().map(|secret| secret.mac(id, timestamp_secs, body)).collect();
    let given = signatures.split(' ').filter_map(|signature| {
        signature.strip_prefix(VERSION_PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok())
    });
    for given in given {
        // Constant time: how much of a guess is right must not show in how long the answer takes.
        if expected.iter().any(|expected| bool::from(expected.as_slice().ct_eq(&given))) {
            return Ok(());
        }
    }
    Err(InvalidSignature::NoMatch)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP_SECS: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secret() -> WebhookSecret {
        WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").ok().unwrap()
    }

    fn other_secret() -> WebhookSecret {
        WebhookSecret::from_bytes(vec![7; 32]).ok().unwrap()
    }

    fn check(signatures: &str, age_secs: i64) -> Result<(), InvalidSignature> {
        let now = Timestamp::from_secs(TIMESTAMP_SECS + age_secs);
        verify(&[secret()], ID, TIMESTAMP_SECS, BODY, signatures, now)
    }

    #[test]
    fn the_example_of_the_specification_is_signed_as_it_says() {
        assert_eq!(sign(&[secret()], ID, TIMESTAMP_SECS, BODY), SIGNATURE);
    }

    #[test]
    fn during_a_rotation_both_secrets_sign() {
        let both = sign(&[other_secret(), secret()], ID, TIMESTAMP_SECS, BODY);
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(second, SIGNATURE);
        assert_eq!(check(first, 0), Err(InvalidSignature::NoMatch));
        assert_eq!(check(&both, 0), Ok(()));
    }

    #[test]
    fn a_message_is_believed_for_five_minutes_either_way() {
        assert_eq!(check(SIGNATURE, 300), Ok(()));
        assert_eq!(check(SIGNATURE, -300), Ok(()));
        assert_eq!(check(SIGNATURE, 301), Err(InvalidSignature::TooOld));
        assert_eq!(check(SIGNATURE, -301), Err(InvalidSignature::TooNew));
    }

    #[test]
    fn anything_but_a_right_signature_is_refused() {
        let other_version = SIGNATURE.replace("v1,", "v1a,");
        for signatures in ["", "v1,", "v1,g0hM9SsE", "v1,!", &SIGNATURE[3..], &other_version] {
            assert_eq!(check(signatures, 0), Err(InvalidSignature::NoMatch), "{signatures}");
        }
    }

    #[test]
    fn another_body_or_id_makes_the_signature_wrong() {
        let now = Timestamp::from_secs(TIMESTAMP_SECS);
        let refused = Err(InvalidSignature::NoMatch);
        assert_eq!(verify(&[secret()], ID, TIMESTAMP_SECS, b"", SIGNATURE, now), refused);
        assert_eq!(verify(&[secret()], "msg_1", TIMESTAMP_SECS, BODY, SIGNATURE, now), refused);
    }

    #[test]
    fn a_secret_is_shown_as_it_was_read() {
        assert_eq!(secret().expose(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }

    #[test]
    fn a_short_long_or_malformed_secret_is_refused() {
        let refusal = |text: &str| WebhookSecret::parse(text).err();
        let short = format!("whsec_{}", STANDARD.encode([1; 23]));
        let long = format!("whsec_{}", STANDARD.encode([1; 65]));
        assert_eq!(refusal(&short), Some(InvalidWebhookSecret::WrongLength));
        assert_eq!(refusal(&long), Some(InvalidWebhookSecret::WrongLength));
        assert_eq!(refusal("whsec_!"), Some(InvalidWebhookSecret::Malformed));
        let unprefixed = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(refusal(unprefixed), Some(InvalidWebhookSecret::Malformed));
    }
}
