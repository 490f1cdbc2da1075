//! A Tunisian phone number, in the one spelling that we keep.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::ids::{Mode, Shard};

/// A Tunisian phone number: 8 digits, the first not 0.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phone {
    // Invariant: 8 ASCII digits, the first not 0.
    digits: String,
}

/// Why a text is not a phone number. No variant holds the number: it belongs in no log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    /// Something else than digits, spaces, dashes, dots and a leading plus.
    #[error("a phone number has only digits, such as 55 123 456")]
    NotDigits,
    /// The code of another country.
    #[error("only Tunisian numbers are accepted: 8 digits, with or without +216")]
    ForeignCountry,
    /// More or fewer than 8 digits.
    #[error("a Tunisian phone number has 8 digits, with or without +216")]
    WrongLength,
    /// No Tunisian number begins with 0.
    #[error("a Tunisian phone number does not begin with 0")]
    LeadingZero,
}

impl Phone {
    /// The shard of the phone's wallet and codes: one phone and mode, one shard, so that a phone can
    /// have one wallet on any engine.
    pub fn shard(&self, mode: Mode) -> Shard {
        Shard::of_text(&format!("{}/{}", mode.as_str(), self.as_str()))
    }

    /// Reads a number as people write it: `55123456`, `55 123 456`, `+216 55-123-456`,
    /// `0021655.123.456`.
    pub fn parse(text: &str) -> Result<Self, InvalidPhone> {
        let is_separator = |character: &char| [' ', '-', '.'].contains(character);
        let compact: String = text.chars().filter(|character| !is_separator(character)).collect();
        let (number, is_international) = match compact.strip_prefix('+') {
            Some(number) => (number, true),
            None => match compact.strip_prefix("00") {
                Some(number) => (number, true),
                None => (compact.as_str(), false),
            },
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidPhone::NotDigits);
        }
        let digits = if is_international {
            number.strip_prefix("216").ok_or(InvalidPhone::ForeignCountry)?
        } else {
            number
        };
        if digits.len() != 8 {
            return Err(InvalidPhone::WrongLength);
        }
        if digits.starts_with('0') {
            return Err(InvalidPhone::LeadingZero);
        }
        Ok(Self { digits: digits.to_owned() })
    }

    /// The 8 digits that are stored.
    pub fn as_str(&self) -> &str {
        &self.digits
    }

    /// The international form, for whoever sends messages: `+21655123456`.
    pub fn e164(&self) -> String {
        format!("+216{}", self.digits)
    }

    /// What may be shown and logged: `** *** *56`.
    pub fn masked(&self) -> String {
        format!("** *** *{}", &self.digits[6..])
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

impl Serialize for Phone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.digits)
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accepted_spelling_is_the_same_number() {
        for text in [
            "55123456",
            "55 123 456",
            " 55-123-456 ",
            "55.12.34.56",
            "+21655123456",
            "+216 55 123 456",
            "0021655123456",
            "00 216 55-123-456",
        ] {
            assert_eq!(Phone::parse(text).unwrap().as_str(), "55123456", "{text}");
        }
    }

    #[test]
    fn a_number_is_refused_for_what_is_wrong_with_it() {
        for (text, expected) in [
            ("", InvalidPhone::WrongLength),
            ("5512345", InvalidPhone::WrongLength),
            ("551234567", InvalidPhone::WrongLength),
            ("+216 5512345", InvalidPhone::WrongLength),
            ("21655123456", InvalidPhone::WrongLength),
            ("05123456", InvalidPhone::LeadingZero),
            ("+33612345678", InvalidPhone::ForeignCountry),
            ("55+123456", InvalidPhone::NotDigits),
            ("5512345a", InvalidPhone::NotDigits),
            ("٥٥١٢٣٤٥٦", InvalidPhone::NotDigits),
        ] {
            assert_eq!(Phone::parse(text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn a_number_is_shown_and_logged_with_its_last_two_digits_only() {
        let phone = Phone::parse("55123456").unwrap();
        assert_eq!(phone.masked(), "** *** *56");
        assert_eq!(format!("{phone:?}"), "Phone(** *** *56)");
    }

    #[test]
    fn messages_go_to_the_international_form() {
        assert_eq!(Phone::parse("55123456").unwrap().e164(), "+21655123456");
    }
}
