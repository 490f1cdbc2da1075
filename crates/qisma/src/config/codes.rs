//! The settings of QR codes: whom wallet apps pay.

use qisma_domain::emv::Collector;

use super::reader::Reader;

/// Reads what stands in every code. The lengths are those of EMVCo, and in tag 26 those that leave room
/// for each other.
pub(super) fn read(reader: &mut Reader<'_>) -> Collector {
    let guid_rule = "1 to 32 letters, digits, dots and hyphens, such as tn.wallet.example";
    let account_rule = "1 to 34 letters and digits: an account's number, without spaces";
    let postal_rule = "1 to 10 letters, digits and hyphens";
    let plain = |chars_max: usize| move |text: &str| is_plain(text, chars_max);
    let optional = |text: &str, chars_max| is_plain(text, chars_max).then(|| text.to_owned());
    Collector {
        guid: required(reader, "qr.guid", guid_rule, plain(32)),
        account: reader.parsed("qr.account", account_rule, |text| optional(text, 34)),
        category: required(
            reader,
            "qr.merchant_category",
            "four digits (ISO 18245), such as 5999",
            |text| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()),
        ),
        city: required(
            reader,
            "qr.city",
            "a city with a Latin letter among its first 15 characters",
            |text| text.chars().take(15).any(|letter| letter.is_ascii_alphabetic()),
        ),
        postal_code: reader.parsed("qr.postal_code", postal_rule, |text| optional(text, 10)),
    }
}

/// A setting that no code can do without.
fn required(
    reader: &mut Reader<'_>,
    key: &str,
    rule: &str,
    is_right: impl Fn(&str) -> bool,
) -> String {
    match reader.text(key) {
        Some(text) if is_right(text) => text.to_owned(),
        _ => {
            reader.must_be(key, rule);
            String::new()
        }
    }
}

fn is_plain(text: &str, chars_max: usize) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    text.len() <= chars_max && text.bytes().all(is_plain)
}
