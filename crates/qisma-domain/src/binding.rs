//! Saved cards: what stands for a card at its acquirer, and for the payer whose it is. The acquirer
//! keeps the card; of its number nothing but the mask ever comes here (ADR 0023).

use serde::{Deserialize, Serialize};

use crate::account::Acquirer;

/// Hexadecimal digits of a payer's name at the acquirer: 128 bits, so that no two payers ever share
/// one, and short enough for the oldest builds (ClicToPay's manual: AN..32).
const CLIENT_REF_CHARS: usize = 32;
/// Longer than any acquirer's binding: they are UUIDs (BPC manual).
const BINDING_ID_CHARS_MAX: usize = 64;
/// As many digits as the shortest card number has, and more than a UUID has in its groups.
const CARD_NUMBER_DIGITS_MIN: usize = 13;

/// A payer, as the acquirer knows them: a keyed hash of merchant, mode and the merchant's own
/// `client_id`. So the same `client_id` of two merchants is two payers, and no address of a payer
/// leaves us or is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientRef(String);

/// It is no payer's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payer at the acquirer is named by 32 hexadecimal digits")]
pub struct InvalidClientRef;

impl ClientRef {
    /// The name made of this keyed hash.
    pub fn of_digest(digest: &[u8; 32]) -> Self {
        let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let letters = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        Self(letters.take(CLIENT_REF_CHARS).collect())
    }

    /// Reads a name that was kept.
    pub fn parse(text: &str) -> Result<Self, InvalidClientRef> {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == CLIENT_REF_CHARS && text.bytes().all(is_hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidClientRef)
        }
    }

    /// As the acquirer is told.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientRef {
    type Error = InvalidClientRef;

    fn try_from(text: String) -> Result<Self, InvalidClientRef> {
        Self::parse(&text)
    }
}

impl From<ClientRef> for String {
    fn from(client: ClientRef) -> Self {
        client.0
    }
}

/// A saved card: the acquirer's own token (`bindingId`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BindingId(String);

/// It is no saved card's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no saved card's id; bindings/list gives them")]
pub struct InvalidBindingId;

impl BindingId {
    /// Reads an id. A card number is none, wherever it came from: ids are kept and shown.
    pub fn parse(text: &str) -> Result<Self, InvalidBindingId> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_number = CARD_NUMBER_DIGITS_MIN <= text.len()
            && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'_'));
        let fits = (1..=BINDING_ID_CHARS_MAX).contains(&text.len());
        if fits && text.bytes().all(is_plain) && !is_number {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidBindingId)
        }
    }

    /// As the acquirer gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BindingId {
    type Error = InvalidBindingId;

    fn try_from(text: String) -> Result<Self, InvalidBindingId> {
        Self::parse(&text)
    }
}

impl From<BindingId> for String {
    fn from(binding: BindingId) -> Self {
        binding.0
    }
}

/// The wish to charge a saved card, with the payment that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The card.
    pub binding: BindingId,
    /// Whose it is.
    pub client: ClientRef,
    /// Where it is kept.
    pub acquirer: Acquirer,
}

/// What an attempt with a saved card knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedCard {
    /// The card.
    pub binding: BindingId,
    /// What its holder has to do first, once the bank has asked for it.
    pub step: Option<HolderStep>,
}

/// What the holder of a saved card has to do before the bank takes the money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum HolderStep {
    /// Something on the bank's own page.
    BankPage,
    /// 3-D Secure, on the page of the card's issuer.
    Issuer(IssuerForm),
}

/// How a browser gets to the page of the card's issuer: by posting this (BPC manual:
/// `paymentOrderBinding.do`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerForm {
    /// Where to post; an absolute http or https URL.
    pub acs_url: String,
    /// What the issuer is asked.
    pub pa_req: String,
    /// Where the issuer sends the browser back to.
    pub term_url: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_at_the_acquirer_has_32_digits_and_is_read_back() {
        let client = ClientRef::of_digest(&[0xAB; 32]);
        assert_eq!(client.as_str(), "ab".repeat(16));
        assert_eq!(ClientRef::parse(client.as_str()), Ok(client));
    }

    #[test]
    fn an_id_is_kept_as_it_is_and_a_card_number_is_none() {
        let uuid = "01491d0b-c848-7dd6-a20d-e96900a7d8c0";
        assert_eq!(BindingId::parse(uuid).unwrap().as_str(), uuid);
        let long = "a".repeat(65);
        for text in ["", "4509211111111119", "4509-2111-1111-1119", "a b", "a\nb", "é", &long] {
            assert_eq!(BindingId::parse(text), Err(InvalidBindingId), "{text}");
        }
    }
}
