//! Amounts and durations as a payer reads them. Integers only: money is never a float.

use super::locale::Locale;
use super::words::Words;

/// Millimes in a dinar.
const MILLIMES_PER_DINAR: u64 = 1000;

/// An amount in dinars: `12,500 DT` in French and English, `12.500 د.ت` in Arabic. Thousands are
/// set apart by a narrow space, because both the comma and the point mark decimals here.
pub fn amount(locale: Locale, amount_millimes: i64) -> String {
    let sign = if amount_millimes < 0 { "-" } else { "" };
    let magnitude = amount_millimes.unsigned_abs();
    let dinars = grouped(magnitude / MILLIMES_PER_DINAR);
    let millimes = magnitude % MILLIMES_PER_DINAR;
    match locale {
        Locale::Fr | Locale::En => format!("{sign}{dinars},{millimes:03} DT"),
        Locale::Ar => format!("{sign}{dinars}.{millimes:03} د.ت"),
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.char_indices() {
        if 0 < index && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    text
}

/// The amount in words, which no reader of another decimal mark can mistake: `12 dinars 500 millimes`.
pub(super) fn amount_in_words(words: Words, amount_millimes: i64) -> String {
    let per_dinar = i64::try_from(MILLIMES_PER_DINAR).expect("1000 fits");
    let dinars = amount_millimes / per_dinar;
    let millimes = amount_millimes % per_dinar;
    match (dinars, millimes) {
        (_, 0) => words.counted("dinars", dinars),
        (0, _) => words.counted("millimes", millimes),
        _ => words.plain(
            "amount-in-words",
            &[
                ("dinars", &words.counted("dinars", dinars)),
                ("millimes", &words.counted("millimes", millimes)),
            ],
        ),
    }
}

/// The time left, without a precision that would be stale at once where no script counts it down.
pub(super) fn time_left(words: Words, seconds_left: i64) -> String {
    let minutes = seconds_left / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => words.text("under-a-minute"),
        (0, minutes) => words.counted("minutes", minutes),
        (hours, 0) => words.counted("hours", hours),
        (hours, minutes) => words.plain(
            "hours-and-minutes",
            &[
                ("hours", &words.counted("hours", hours)),
                ("minutes", &words.counted("minutes", minutes)),
            ],
        ),
    }
}

/// A wait in seconds, and in minutes once it is long.
pub(super) fn seconds(words: Words, wait_secs: i64) -> String {
    if wait_secs <= 90 {
        words.counted("seconds", wait_secs.max(1))
    } else {
        minutes_rounded_up(words, wait_secs)
    }
}

/// A lifetime in whole minutes, rounded up: of a code that has 90 seconds left we say two minutes.
pub(super) fn minutes_rounded_up(words: Words, seconds_left: i64) -> String {
    let minutes = seconds_left.max(0) / 60 + i64::from(seconds_left.max(0) % 60 != 0);
    words.counted("minutes", minutes.max(1))
}

#[cfg(test)]
mod tests {
    use super::{Locale, Words, amount, amount_in_words, time_left};

    #[track_caller]
    fn check_amount(amount_millimes: i64, french: &str, arabic: &str) {
        assert_eq!(amount(Locale::Fr, amount_millimes), french);
        assert_eq!(amount(Locale::En, amount_millimes), french);
        assert_eq!(amount(Locale::Ar, amount_millimes), arabic);
    }

    #[test]
    fn an_amount_has_three_decimals_in_every_language() {
        check_amount(12_500, "12,500 DT", "12.500 د.ت");
        check_amount(1, "0,001 DT", "0.001 د.ت");
        check_amount(0, "0,000 DT", "0.000 د.ت");
    }

    #[test]
    fn thousands_are_set_apart_by_a_narrow_space() {
        check_amount(
            1_234_567_890,
            "1\u{202F}234\u{202F}567,890 DT",
            "1\u{202F}234\u{202F}567.890 د.ت",
        );
        check_amount(100_000, "100,000 DT", "100.000 د.ت");
    }

    #[test]
    fn the_extremes_of_the_type_are_written_exactly() {
        let text = amount(Locale::Fr, i64::MIN).replace('\u{202F}', "");
        assert_eq!(text, "-9223372036854775,808 DT");
    }

    #[test]
    fn words_leave_out_the_part_that_is_zero() {
        let words = Words(Locale::En);
        let texts = [12_500, 12_000, 1, 1_001].map(|amount| amount_in_words(words, amount));
        assert_eq!(
            texts,
            ["12 dinars 500 millimes", "12 dinars", "1 millime", "1 dinar 1 millime"]
        );
    }

    #[test]
    fn the_time_left_is_told_in_its_largest_units() {
        let texts = [59, 60, 1200, 7200, 86_399].map(|left| time_left(Words(Locale::En), left));
        assert_eq!(
            texts,
            ["less than a minute", "1 minute", "20 minutes", "2 hours", "23 hours 59 minutes"]
        );
    }
}
