//! Secrets that must be read back (webhook secrets, acquirers' credentials), encrypted with
//! XChaCha20-Poly1305. Each is bound to the very cell it is stored in: copied to another row or
//! column, it does not open.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Keyring, length_prefix};
use crate::random::Rng;

/// The key under which new secrets are sealed. It is the first byte of every sealed value.
const KEY_VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Where a sealed value lives.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The row's id, as bytes.
    pub row_id: &'a [u8],
}

/// A sealed value did not open: it was changed, moved from its place, or sealed under another
/// master key. Which of these cannot be told apart, and none of them is the caller's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a stored secret does not open; either the master key is not the one it was stored under, or \
     the database was changed by hand"
)]
pub struct SealError;

impl Keyring {
    /// Encrypts a secret for one place: key version, nonce, then the ciphertext with its tag. The
    /// nonce is long enough to be drawn at random for every value.
    pub fn seal(&self, place: Place<'_>, secret: &[u8], rng: &mut dyn Rng) -> Vec<u8> {
        let mut nonce = XNonce::default();
        rng.fill_bytes(&mut nonce);
        let payload = Payload { msg: secret, aad: &bound_to(place, KEY_VERSION) };
        let sealed = self
            .cipher()
            .encrypt(&nonce, payload)
            .expect("only a secret of more than 256 GiB cannot be encrypted");
        [&[KEY_VERSION], nonce.as_slice(), &sealed].concat()
    }

    /// Decrypts what [`seal`](Self::seal) made for the same place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError)?;
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_BYTES).ok_or(SealError)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| SealError)?;
        if *version != KEY_VERSION {
            return Err(SealError);
        }
        let payload = Payload { msg: ciphertext, aad: &bound_to(place, *version) };
        let secret = self.cipher().decrypt(&nonce, payload).map_err(|_| SealError)?;
        Ok(Zeroizing::new(secret))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.secrets).into())
    }
}

/// What a sealed value is authenticated with besides its content.
fn bound_to(place: Place<'_>, key_version: u8) -> Vec<u8> {
    let mut bound = Vec::new();
    let parts: [&[u8]; 4] =
        [place.table.as_bytes(), place.column.as_bytes(), place.row_id, &[key_version]];
    for part in parts {
        bound.extend(length_prefix(part));
        bound.extend(part);
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::super::tests::keyring;
    use super::*;
    use crate::random::Randomness;

    const PLACE: Place<'_> = Place { table: "apps", column: "webhook_secret", row_id: b"app-1" };

    fn seal(secret: &[u8]) -> Vec<u8> {
        keyring(1).seal(PLACE, secret, &mut *Randomness::system().rng())
    }

    #[test]
    fn a_sealed_secret_opens_in_its_place() {
        let opened = keyring(1).open(PLACE, &seal(b"whsec_1")).unwrap();
        assert_eq!(opened.as_slice(), b"whsec_1");
    }

    #[test]
    fn a_secret_moved_to_another_row_does_not_open() {
        let moved = Place { row_id: b"app-2", ..PLACE };
        assert_eq!(keyring(1).open(moved, &seal(b"whsec_1")), Err(SealError));
    }

    #[test]
    fn a_secret_moved_to_another_column_does_not_open() {
        let moved = Place { column: "webhook_secret_old", ..PLACE };
        assert_eq!(keyring(1).open(moved, &seal(b"whsec_1")), Err(SealError));
    }

    #[test]
    fn a_secret_does_not_open_under_another_master_key() {
        assert_eq!(keyring(2).open(PLACE, &seal(b"whsec_1")), Err(SealError));
    }

    #[test]
    fn a_changed_or_cut_secret_does_not_open() {
        let sealed = seal(b"whsec_1");
        for length in 0..sealed.len() {
            assert_eq!(keyring(1).open(PLACE, &sealed[..length]), Err(SealError), "{length}");
        }
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(keyring(1).open(PLACE, &changed), Err(SealError), "{index}");
        }
    }

    #[test]
    fn the_same_secret_is_sealed_differently_each_time() {
        assert_ne!(seal(b"whsec_1"), seal(b"whsec_1"));
    }
}
