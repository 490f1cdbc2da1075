//! The currencies an order may be in: ISO 4217, by numeric code.

/// One line per currency: numeric code, letters, digits after the point.
const TABLE: &str = include_str!("currencies.txt");

/// The currency of an order that names none: the Tunisian dinar.
pub const DEFAULT: &str = "788";

/// Whether ISO 4217 knows this numeric code.
pub fn is_known(code: &str) -> bool {
    find(code).is_some()
}

/// An amount as people write it: `10.000 TND` for 10000 minor units of 788.
pub fn format(amount: i64, code: &str) -> String {
    let (letters, exponent) = find(code).unwrap_or((code, 0));
    let unit = 10_i64.pow(exponent);
    let (whole, rest) = (amount / unit, amount % unit);
    match usize::try_from(exponent).unwrap_or(0) {
        0 => format!("{whole} {letters}"),
        width => format!("{whole}.{rest:0width$} {letters}"),
    }
}

fn find(code: &str) -> Option<(&'static str, u32)> {
    TABLE.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let known = fields.next()? == code;
        let letters = fields.next()?;
        let exponent = fields.next()?.parse().ok()?;
        known.then_some((letters, exponent))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dinars_have_three_digits_and_yen_none() {
        assert_eq!(format(10_000, "788"), "10.000 TND");
        assert_eq!(format(5, "788"), "0.005 TND");
        assert_eq!(format(12_345, "978"), "123.45 EUR");
        assert_eq!(format(500, "392"), "500 JPY");
    }

    #[test]
    fn every_line_of_the_table_can_be_read() {
        for line in TABLE.lines() {
            assert!(is_known(&line[..3]), "{line}");
        }
        assert!(!is_known("000"));
        assert!(!is_known("TND"));
    }
}
