//! Spans of time as callers write them: days of Tunisia, or moments.

use jiff::civil::Date;
use jiff::tz::Offset;
use qisma_domain::time::Timestamp;

/// Tunisia's time is an hour ahead of UTC all the year round.
const TUNISIA: Offset = Offset::constant(1);
const DAY_SECS: i64 = 86_400;
const DAY_CHARS: usize = "2026-11-23".len();
const RULE: &str = "must be a day such as 2026-11-23 (of Tunisia), or a moment such as \
                    2026-11-23T10:30:00Z";

/// The first moment that a beginning means.
pub fn start(text: &str) -> Result<Timestamp, &'static str> {
    Ok(read(text)?.0)
}

/// The first moment after an end: ends belong to the span, a day with its last second.
pub fn after_end(text: &str) -> Result<Timestamp, &'static str> {
    let (start, length_secs) = read(text)?;
    Ok(start.plus_secs(length_secs))
}

/// Where a text begins, and for how long it lasts: a moment without fractions is a second.
fn read(text: &str) -> Result<(Timestamp, i64), &'static str> {
    if text.len() == DAY_CHARS {
        let day: Date = text.parse().map_err(|_| RULE)?;
        let start = TUNISIA.to_timestamp(day.at(0, 0, 0, 0)).map_err(|_| RULE)?;
        return Ok((Timestamp::from_secs(start.as_second()), DAY_SECS));
    }
    let moment: jiff::Timestamp = text.parse().map_err(|_| RULE)?;
    Ok((Timestamp::from_secs(moment.as_second()), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_an_hour_before_that_of_utc_and_ends_with_its_last_second() {
        assert_eq!(start("2026-11-23").unwrap().rfc3339(), "2026-11-22T23:00:00Z");
        assert_eq!(after_end("2026-11-23").unwrap().rfc3339(), "2026-11-23T23:00:00Z");
    }

    #[test]
    fn the_second_of_a_moment_belongs_to_the_span() {
        assert_eq!(after_end("2026-11-23T10:30:00Z").unwrap().rfc3339(), "2026-11-23T10:30:01Z");
        assert_eq!(start("2026-11-23T10:30:00+01:00").unwrap().rfc3339(), "2026-11-23T09:30:00Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "yesterday", "2026-13-01", "2026-11-23T10:30:00", "23/11/2026"] {
            assert_eq!(start(text), Err(RULE), "{text}");
        }
    }
}
