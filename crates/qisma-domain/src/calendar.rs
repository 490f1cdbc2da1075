//! Business days of Tunisia: when the money of a card payment is here.
//!
//! An acquirer pays what it took on the next business day (Flouci API, section 3: `PROCESSING` inside
//! T+1). Which days are holidays is given from outside, because some of them follow the moon.

use jiff::civil::Date;
use std::collections::BTreeSet;

use crate::time::Timestamp;

/// Tunisia has had one offset all year round since 2009.
const TUNIS_OFFSET_SECS: i64 = 3_600;
const DAY_SECS: i64 = 86_400;
const EPOCH: Date = Date::constant(1970, 1, 1);

/// Days since 1970-01-01, as they begin in Tunisia.
type Day = i64;

/// The days on which banks do not work: Saturdays, Sundays and these holidays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    holidays: BTreeSet<Day>,
}

impl Calendar {
    /// A calendar with these holidays.
    pub fn with_holidays(holidays: impl IntoIterator<Item = Date>) -> Self {
        let day = |date: Date| date.duration_since(EPOCH).as_secs() / DAY_SECS;
        Self { holidays: holidays.into_iter().map(day).collect() }
    }

    /// When the acquirer's money for what was captured at this moment is here: at the beginning of the
    /// next business day.
    pub fn settles_at(&self, captured_at: Timestamp) -> Timestamp {
        let today = (captured_at.secs() + TUNIS_OFFSET_SECS).div_euclid(DAY_SECS);
        let mut day = today + 1;
        // Ends, because the list of holidays does.
        while !self.is_business_day(day) {
            day += 1;
        }
        Timestamp::from_secs(day.saturating_mul(DAY_SECS).saturating_sub(TUNIS_OFFSET_SECS))
    }

    fn is_business_day(&self, day: Day) -> bool {
        // The first day of the epoch was a Thursday; counted from there, Saturday is 2, Sunday 3.
        let is_weekend = matches!(day.rem_euclid(7), 2 | 3);
        !is_weekend && !self.holidays.contains(&day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let moment: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_micros(moment.as_microsecond())
    }

    fn check(captured: &str, settles: &str) {
        let calendar = Calendar::with_holidays([
            Date::constant(2026, 12, 17),
            Date::constant(2027, 1, 1),
            Date::constant(2026, 3, 20),
        ]);
        assert_eq!(calendar.settles_at(at(captured)).rfc3339(), settles, "{captured}");
    }

    #[test]
    fn money_is_here_when_the_next_business_day_begins_in_tunis() {
        for (captured, settles) in [
            // A Tuesday morning, its last second, and the first of Wednesday.
            ("2026-11-24T09:00:00Z", "2026-11-24T23:00:00Z"),
            ("2026-11-24T22:59:59Z", "2026-11-24T23:00:00Z"),
            ("2026-11-24T23:00:00Z", "2026-11-25T23:00:00Z"),
            // Friday evening, Saturday, Sunday: Monday.
            ("2026-11-27T19:00:00Z", "2026-11-29T23:00:00Z"),
            ("2026-11-28T12:00:00Z", "2026-11-29T23:00:00Z"),
            ("2026-11-29T12:00:00Z", "2026-11-29T23:00:00Z"),
            // The night before a holiday, and that day, a Thursday: Friday.
            ("2026-12-16T22:30:00Z", "2026-12-17T23:00:00Z"),
            ("2026-12-17T12:00:00Z", "2026-12-17T23:00:00Z"),
            // A holiday before a weekend.
            ("2026-12-31T12:00:00Z", "2027-01-03T23:00:00Z"),
            ("2026-03-19T12:00:00Z", "2026-03-22T23:00:00Z"),
        ] {
            check(captured, settles);
        }
    }

    #[test]
    fn money_is_never_here_on_the_day_it_was_taken() {
        let calendar = Calendar::default();
        for hour in 0..24 * 14 {
            let captured = at("2026-11-01T00:00:00Z").plus_secs(hour * 3_600);
            let settles = calendar.settles_at(captured);
            assert!(captured < settles);
            assert!(settles.secs() - captured.secs() <= 3 * DAY_SECS);
        }
    }
}
