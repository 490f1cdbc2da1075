//! Amounts as clients write them: the text of a JSON number, or of a string of digits.
//!
//! Clients compute with floats and send what comes out, such as `1004.9999999999999` (Flouci API,
//! section 2). The text is read as an exact decimal, so that no float of ours adds its own noise.

use crate::limits::AMOUNT_MILLIMES_MAX;

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmountText {
    /// No number as JSON writes it: empty, spaces, a leading plus or zero, a comma, letters, other
    /// digits than ASCII.
    #[error("the amount must be a number of millimes written in plain digits, such as 12500")]
    NotANumber,
    /// A fraction, an exponent or noise where only digits may stand.
    #[error("the amount must be an integer number of millimes without a fraction or an exponent")]
    NotAnInteger,
    /// Further than 1e-6 from any integer.
    #[error("the amount must be a whole number of millimes; 1 TND is 1000 millimes")]
    NotWhole,
    /// Below zero.
    #[error("the amount must not be negative")]
    Negative,
    /// Nothing, or so little that it rounds to nothing.
    #[error("the amount must be at least 1 millime")]
    Zero,
    /// Above [`AMOUNT_MILLIMES_MAX`].
    #[error("the amount must be at most {AMOUNT_MILLIMES_MAX} millimes")]
    TooLarge,
}

/// Reads the amount of a payment in millimes: a JSON number, fraction and exponent allowed, within
/// 1e-6 of an integer from 1 to [`AMOUNT_MILLIMES_MAX`], and meaning that integer. The same text
/// may arrive inside a string.
pub fn parse_amount_token(text: &str) -> Result<i64, InvalidAmountText> {
    let number = Number::read(text)?;
    let millimes = number.nearest_integer()?;
    in_range(millimes, number.is_negative)
}

/// Reads the amount of a destination in millimes: an integer, plain digits and nothing else, from
/// 1 to [`AMOUNT_MILLIMES_MAX`].
pub fn parse_leg_amount(text: &str) -> Result<i64, InvalidAmountText> {
    let number = Number::read(text)?;
    if number.text_has_more_than_digits {
        return Err(InvalidAmountText::NotAnInteger);
    }
    in_range(number.nearest_integer()?, number.is_negative)
}

fn in_range(millimes: i64, is_negative: bool) -> Result<i64, InvalidAmountText> {
    match millimes {
        0 => Err(InvalidAmountText::Zero),
        _ if is_negative => Err(InvalidAmountText::Negative),
        1..=AMOUNT_MILLIMES_MAX => Ok(millimes),
        _ => Err(InvalidAmountText::TooLarge),
    }
}

/// No exponent beyond this can be made good by digits before the point: a text is far shorter.
const EXPONENT_MAX: i64 = 1 << 40;
/// Digits of [`AMOUNT_MILLIMES_MAX`].
const INTEGER_DIGITS_MAX: i64 = 12;
/// Digits after the point that decide whether a number is near an integer: 1e-6.
const NEAR_DIGITS: i64 = 6;

/// The parts of a JSON number (RFC 8259, section 6).
struct Number<'a> {
    is_negative: bool,
    // Invariant: ASCII digits only; `integer` has at least one and no leading zero but "0" itself.
    integer: &'a [u8],
    fraction: &'a [u8],
    // Invariant: within EXPONENT_MAX of 0.
    exponent: i64,
    text_has_more_than_digits: bool,
}

impl<'a> Number<'a> {
    fn read(text: &'a str) -> Result<Self, InvalidAmountText> {
        let (is_negative, rest) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (integer, rest) = split_digits(rest);
        let has_leading_zero = integer.len() > 1 && integer.starts_with(b"0");
        if integer.is_empty() || has_leading_zero {
            return Err(InvalidAmountText::NotANumber);
        }
        let text_has_more_than_digits = !rest.is_empty();
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => match split_digits(rest) {
                ([], _) => return Err(InvalidAmountText::NotANumber),
                found => found,
            },
            rest => (&[][..], rest),
        };
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', b'-', digits @ ..] => -read_exponent(digits)?,
            [b'e' | b'E', b'+', digits @ ..] | [b'e' | b'E', digits @ ..] => read_exponent(digits)?,
            _ => return Err(InvalidAmountText::NotANumber),
        };
        Ok(Self { is_negative, integer, fraction, exponent, text_has_more_than_digits })
    }

    /// The digit at this place, counted from the first digit of the text; 0 outside.
    fn digit(&self, place: i64) -> i64 {
        let mut digits = self.integer.iter().chain(self.fraction);
        // In a chain of two slices this is a step, not a walk.
        let digit = usize::try_from(place).ok().and_then(|place| digits.nth(place));
        digit.map_or(0, |digit| i64::from(digit - b'0'))
    }

    /// The integer that the number's size means; the sign is left aside.
    fn nearest_integer(&self) -> Result<i64, InvalidAmountText> {
        let mut digits = self.integer.iter().chain(self.fraction);
        let Some(first) = digits.position(|&digit| digit != b'0') else {
            return Ok(0);
        };
        let places = |count: usize| i64::try_from(count).unwrap_or(EXPONENT_MAX);
        let first = places(first);
        // The point stands before the digit at this place once the exponent has moved it.
        let point = places(self.integer.len()) + self.exponent;
        if point - first > INTEGER_DIGITS_MAX {
            return Err(InvalidAmountText::TooLarge);
        }

        let read =
            |from: i64, to: i64| (from..to).fold(0, |sum, place| sum * 10 + self.digit(place));
        let integer = read(first, point);
        // Nothing but zeros stands before the first digit: a far smaller exponent costs no time.
        let near = if point + NEAR_DIGITS <= first { 0 } else { read(point, point + NEAR_DIGITS) };
        let end = places(self.integer.len() + self.fraction.len());
        let mut beyond = (point + NEAR_DIGITS).max(first)..end;
        match near {
            0 => Ok(integer),
            1 if beyond.all(|place| self.digit(place) == 0) => Ok(integer),
            999_999 => Ok(integer + 1),
            _ => Err(InvalidAmountText::NotWhole),
        }
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn read_exponent(digits: &[u8]) -> Result<i64, InvalidAmountText> {
    match split_digits(digits) {
        ([_, ..], []) => {}
        _ => return Err(InvalidAmountText::NotANumber),
    }
    let step =
        |exponent: i64, digit: &u8| (exponent * 10 + i64::from(digit - b'0')).min(EXPONENT_MAX);
    Ok(digits.iter().fold(0, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &[(&str, Result<i64, InvalidAmountText>)]) {
        for &(text, expected) in cases {
            assert_eq!(parse_amount_token(text), expected, "{text}");
        }
    }

    #[test]
    fn a_number_is_read_with_its_fraction_and_exponent() {
        check(&[
            ("1", Ok(1)),
            ("40300", Ok(40_300)),
            ("10.0", Ok(10)),
            ("1.0049e3", Err(InvalidAmountText::NotWhole)),
            ("1.0049e4", Ok(10_049)),
            ("1e4", Ok(10_000)),
            ("1E+4", Ok(10_000)),
            ("12500e-2", Ok(125)),
            ("0.000001004e9", Ok(1004)),
            ("0.1e1", Ok(1)),
            ("999999999999", Ok(999_999_999_999)),
        ]);
    }

    #[test]
    fn within_a_millionth_of_an_integer_means_that_integer() {
        check(&[
            ("1004.9999999999999", Ok(1005)),
            ("40300.00000000001", Ok(40_300)),
            ("10.000001", Ok(10)),
            ("10.0000010", Ok(10)),
            ("10.999999", Ok(11)),
            ("0.9999999", Ok(1)),
            ("1.0049999999999999e3", Ok(1005)),
            ("10.0000011", Err(InvalidAmountText::NotWhole)),
            ("10.999998999", Err(InvalidAmountText::NotWhole)),
            ("10.5", Err(InvalidAmountText::NotWhole)),
            ("0.5", Err(InvalidAmountText::NotWhole)),
        ]);
    }

    #[test]
    fn an_amount_out_of_range_is_refused_after_rounding() {
        check(&[
            ("0", Err(InvalidAmountText::Zero)),
            ("-0", Err(InvalidAmountText::Zero)),
            ("0e5", Err(InvalidAmountText::Zero)),
            ("0.0000001", Err(InvalidAmountText::Zero)),
            ("-1", Err(InvalidAmountText::Negative)),
            ("-10.5", Err(InvalidAmountText::NotWhole)),
            ("1000000000000", Err(InvalidAmountText::TooLarge)),
            ("999999999999.9999999", Err(InvalidAmountText::TooLarge)),
            ("1e12", Err(InvalidAmountText::TooLarge)),
        ]);
    }

    #[test]
    fn an_absurd_exponent_is_answered_at_once() {
        let nines = "9".repeat(100_000);
        check(&[
            ("1e999999999", Err(InvalidAmountText::TooLarge)),
            ("1e-999999999", Err(InvalidAmountText::Zero)),
            ("0e999999999", Err(InvalidAmountText::Zero)),
            (&format!("1e{nines}"), Err(InvalidAmountText::TooLarge)),
            (&format!("1e-{nines}"), Err(InvalidAmountText::Zero)),
            (&nines, Err(InvalidAmountText::TooLarge)),
        ]);
    }

    #[test]
    fn what_json_does_not_call_a_number_is_refused() {
        for text in [
            "", " ", " 1", "1 ", "+1", "01", "-", "1.", ".5", "1e", "1e+", "e5", "1,000", "1_000",
            "0x10", "١٢", "１２", "true", "null", "NaN", "Infinity", "1.5.2", "--1", "1\0",
        ] {
            assert_eq!(parse_amount_token(text), Err(InvalidAmountText::NotANumber), "{text:?}");
        }
    }

    #[test]
    fn the_amount_of_a_destination_is_plain_digits() {
        for (text, expected) in [
            ("8000", Ok(8000)),
            ("0", Err(InvalidAmountText::Zero)),
            ("-5", Err(InvalidAmountText::Negative)),
            ("8000.0", Err(InvalidAmountText::NotAnInteger)),
            ("7999.9999999", Err(InvalidAmountText::NotAnInteger)),
            ("8e3", Err(InvalidAmountText::NotAnInteger)),
            ("08000", Err(InvalidAmountText::NotANumber)),
            ("1000000000000", Err(InvalidAmountText::TooLarge)),
        ] {
            assert_eq!(parse_leg_amount(text), expected, "{text}");
        }
    }
}
