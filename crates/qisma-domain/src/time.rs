//! A moment, in whole microseconds since 1970 UTC.

use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Serialize};

/// A moment in microseconds since the Unix epoch. Always a parameter, never read from a clock here.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The latest moment there is.
    pub const MAX: Self = Self(i64::MAX);

    /// A moment from microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A moment from whole seconds since the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment `secs` later (earlier when negative); saturates instead of wrapping.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(1_000_000)))
    }

    /// This moment `micros` later; saturates instead of wrapping.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Whole seconds from now until this moment, rounded up; 0 when it has come.
    pub const fn secs_left(self, now: Self) -> i64 {
        let left = self.0.saturating_sub(now.0);
        if left <= 0 { 0 } else { (left.saturating_add(999_999)) / 1_000_000 }
    }

    /// The moment as RFC 3339 in UTC with second precision: `2026-11-23T10:30:00Z`.
    pub fn rfc3339(self) -> String {
        let moment =
            jiff::Timestamp::from_second(self.secs()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let mut text = String::new();
        // Writing to a String cannot fail; an empty answer would only spoil a display.
        let _ = DateTimePrinter::new().precision(Some(0)).print_timestamp(&moment, &mut text);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_moment_is_written_in_utc_with_seconds() {
        assert_eq!(Timestamp::from_secs(1_764_000_000).rfc3339(), "2025-11-24T16:00:00Z");
    }

    #[test]
    fn the_last_part_of_a_second_still_counts_as_time_left() {
        let now = Timestamp::from_micros(1);
        assert_eq!(Timestamp::from_micros(2).secs_left(now), 1);
        assert_eq!(now.secs_left(now), 0);
    }
}
