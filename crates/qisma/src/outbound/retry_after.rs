//! The `Retry-After` header of a receiver that asks us to come back later (RFC 9110, 10.2.3).

use jiff::fmt::rfc2822::DateTimeParser;

/// When a receiver wants the next try. The caller caps it; we only read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// So many seconds after the answer.
    DelaySecs(u64),
    /// Not before this second since the Unix epoch.
    UntilUnixSecs(i64),
}

/// The length of `Sun, 06 Nov 1994 08:49:37 GMT`. Older date formats are not accepted.
const IMF_FIXDATE_LENGTH: usize = 29;

impl RetryAfter {
    /// Reads the header's value. What cannot be read is ignored: our schedule then decides.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            // More digits than fit mean "very late", which is what the cap is for.
            return Some(Self::DelaySecs(value.parse().unwrap_or(u64::MAX)));
        }
        if value.len() != IMF_FIXDATE_LENGTH || !value.ends_with(" GMT") {
            return None;
        }
        let time = DateTimeParser::new().parse_timestamp(value).ok()?;
        Some(Self::UntilUnixSecs(time.as_second()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_fixed_dates_are_read() {
        for (value, expected) in [
            ("0", RetryAfter::DelaySecs(0)),
            (" 120 ", RetryAfter::DelaySecs(120)),
            ("99999999999999999999999", RetryAfter::DelaySecs(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", RetryAfter::UntilUnixSecs(784_111_777)),
        ] {
            assert_eq!(RetryAfter::parse(value), Some(expected), "{value}");
        }
    }

    #[test]
    fn anything_else_is_ignored() {
        for value in [
            "",
            "soon",
            "-5",
            "+5",
            "1.5",
            "1e3",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
        ] {
            assert_eq!(RetryAfter::parse(value), None, "{value}");
        }
    }
}
