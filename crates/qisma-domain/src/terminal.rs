//! Payment terminals: the machines on a counter, by the ids that merchants write (Flouci API, section 5).

use crate::ids::MerchantId;
use crate::time::Timestamp;

/// Characters of a terminal's id. Flouci's have 16.
const TERMINAL_CHARS_MAX: usize = 32;

/// A terminal's id, as it was sent: 1 to 32 letters, digits, hyphens, dots and underscores.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TerminalId(String);

/// A text that is no terminal's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a terminal's id is 1 to 32 letters, digits, hyphens, dots and underscores")]
pub struct InvalidTerminalId;

impl TerminalId {
    /// Reads an id.
    pub fn parse(text: &str) -> Result<Self, InvalidTerminalId> {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let is_id = (1..=TERMINAL_CHARS_MAX).contains(&text.len()) && text.bytes().all(is_plain);
        if is_id { Ok(Self(text.to_owned())) } else { Err(InvalidTerminalId) }
    }

    /// The id's characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A terminal that an operator has registered: whoever asks it must name its serial number too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Its owner. Two merchants may each have a terminal of one id.
    pub merchant: MerchantId,
    /// What its owner calls it.
    pub id: TerminalId,
    /// What stands on the machine, of the same characters as an id.
    pub serial_number: TerminalId,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Raised by one with each change.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        assert_eq!(TerminalId::parse("testing1234").unwrap().as_str(), "testing1234");
        for bad in ["", "a b", "a/b", "é", &"x".repeat(33)] {
            assert_eq!(TerminalId::parse(bad), Err(InvalidTerminalId), "{bad}");
        }
    }
}
