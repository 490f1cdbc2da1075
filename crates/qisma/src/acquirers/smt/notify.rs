//! Callbacks of the acquirer. Even a genuine one is only a hint to read the order again, because
//! it can be replayed; so nothing of it but the order's names is kept.

use std::collections::BTreeMap;
use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Longer than any real callback.
const CALLBACK_SIZE_MAX_BYTES: usize = 8 * 1024;
/// The longest order id and order number (BPC manual).
const NAME_CHARS_MAX: usize = 36;

/// Which order the acquirer wants us to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The acquirer's id (`mdOrder`).
    pub order_id: String,
    /// Our reference.
    pub order_number: String,
}

/// Why a callback is refused. Nothing is learnt from a refused callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeRefusal {
    /// We have no key to check with.
    #[error("callbacks are not set up: set the callback key agreed with the acquirer")]
    NoKey,
    /// Longer than any real callback.
    #[error("the callback is too long")]
    TooLarge,
    /// A field is missing, given twice or not as it should be.
    #[error("the callback lacks one valid {0}")]
    Field(&'static str),
    /// The checksum is missing, which is as bad as a wrong one.
    #[error("the callback has no checksum: ask the acquirer for signed callbacks")]
    NoChecksum,
    /// The checksum is wrong.
    #[error("the callback's checksum is wrong")]
    BadChecksum,
}

/// Checks a callback: the query of a GET or the form of a POST, as received.
///
/// The checksum is the BPC manual's symmetric one: every other field but `sign_alias`, sorted by
/// name, as `name;value;`, under HMAC-SHA256, in upper-case hexadecimal.
pub fn check_notice(form: &str, key: Option<&SecretString>) -> Result<Notice, NoticeRefusal> {
    let key = key.map(ExposeSecret::expose_secret).filter(|key| !key.is_empty());
    let key = key.ok_or(NoticeRefusal::NoKey)?;
    if form.len() > CALLBACK_SIZE_MAX_BYTES {
        return Err(NoticeRefusal::TooLarge);
    }
    let mut fields = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(form.as_bytes()) {
        // With two values of one name, signer and reader could each mean another one.
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(NoticeRefusal::Field("value of each name"));
        }
    }
    let given = fields.remove("checksum").filter(|checksum| !checksum.is_empty());
    let given = given.ok_or(NoticeRefusal::NoChecksum)?.to_ascii_uppercase();
    fields.remove("sign_alias");
    let expected = checksum(&fields, key);
    if !bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
        return Err(NoticeRefusal::BadChecksum);
    }
    Ok(Notice {
        order_id: name_of_order(&mut fields, "mdOrder")?,
        order_number: name_of_order(&mut fields, "orderNumber")?,
    })
}

fn checksum(fields: &BTreeMap<String, String>, key: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    for (name, value) in fields {
        mac.update(format!("{name};{value};").as_bytes());
    }
    mac.finalize().into_bytes().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02X}").expect("writing to a string cannot fail");
        text
    })
}

fn name_of_order(
    fields: &mut BTreeMap<String, String>,
    name: &'static str,
) -> Result<String, NoticeRefusal> {
    let is_name = |value: &String| {
        (1..=NAME_CHARS_MAX).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic())
    };
    fields.remove(name).filter(is_name).ok_or(NoticeRefusal::Field(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Computed with `openssl dgst -sha256 -hmac demo-callback-key` over the string of the manual's
    // example: amount;123456;mdOrder;3ff6962a-...;operation;deposited;orderNumber;10747;status;1;
    const CHECKSUM: &str = "C68DDFDE4EC4DBEABFB8266B54EF380B50F66E11EAEF5E5470FCC131145E0BDE";
    const FIELDS: &str = "mdOrder=3ff6962a-7dcc-4283-ab50-a6d7dd3386fe&orderNumber=10747\
                          &operation=deposited&status=1&amount=123456";

    fn check(form: &str) -> Result<Notice, NoticeRefusal> {
        check_notice(form, Some(&SecretString::from("demo-callback-key")))
    }

    #[test]
    fn a_genuine_callback_names_its_order() {
        let notice = Notice {
            order_id: "3ff6962a-7dcc-4283-ab50-a6d7dd3386fe".into(),
            order_number: "10747".into(),
        };
        assert_eq!(check(&format!("{FIELDS}&checksum={CHECKSUM}&sign_alias=a")), Ok(notice));
    }

    #[test]
    fn the_order_of_the_fields_does_not_matter() {
        assert!(check(&format!("checksum={CHECKSUM}&{FIELDS}")).is_ok());
    }

    #[test]
    fn a_callback_without_a_checksum_is_refused() {
        assert_eq!(check(FIELDS), Err(NoticeRefusal::NoChecksum));
        assert_eq!(check(&format!("{FIELDS}&checksum=")), Err(NoticeRefusal::NoChecksum));
    }

    #[test]
    fn a_forged_or_altered_callback_is_refused() {
        for form in [
            format!("{FIELDS}&checksum={}", "0".repeat(64)),
            format!("{FIELDS}&checksum={}", &CHECKSUM[..62]),
            format!("{FIELDS}1&checksum={CHECKSUM}"),
            format!("{FIELDS}&extra=1&checksum={CHECKSUM}"),
            format!("{}&checksum={CHECKSUM}", FIELDS.replace("10747", "10748")),
        ] {
            assert_eq!(check(&form), Err(NoticeRefusal::BadChecksum), "{form}");
        }
    }

    #[test]
    fn a_field_given_twice_is_refused() {
        let form = format!("orderNumber=1&{FIELDS}&checksum={CHECKSUM}");
        assert_eq!(check(&form), Err(NoticeRefusal::Field("value of each name")));
    }

    #[test]
    fn without_a_key_nothing_is_believed() {
        let form = format!("{FIELDS}&checksum={CHECKSUM}");
        assert_eq!(check_notice(&form, None), Err(NoticeRefusal::NoKey));
        let empty = SecretString::from("");
        assert_eq!(check_notice(&form, Some(&empty)), Err(NoticeRefusal::NoKey));
    }

    #[test]
    fn an_endless_callback_is_refused_unread() {
        assert_eq!(check(&"a".repeat(10_000)), Err(NoticeRefusal::TooLarge));
    }
}
