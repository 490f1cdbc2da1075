//! Data objects of an EMVCo QR code: a tag of two digits, a length of two digits, a value; and the
//! checksum that closes the code (EMVCo, QR Code Specification for Payment Systems, Merchant-Presented
//! Mode).

use std::fmt::Write;

/// The longest value: its length has two digits.
pub const VALUE_CHARS_MAX: usize = 99;

/// A value that is empty or too long for its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value of tag {tag:02} has {chars} characters; 1 to 99 are possible")]
pub struct InvalidValue {
    /// The tag.
    pub tag: u8,
    /// How long the value is.
    pub chars: usize,
}

/// Objects in the order in which they were put.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    text: String,
}

impl Objects {
    /// Puts an object; tags above 99 do not exist.
    pub fn put(&mut self, tag: u8, value: &str) -> Result<(), InvalidValue> {
        // Characters and not bytes: only tag 64 tells them apart.
        let chars = value.chars().count();
        if !(1..=VALUE_CHARS_MAX).contains(&chars) || 99 < tag {
            return Err(InvalidValue { tag, chars });
        }
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{tag:02}{chars:02}{value}");
        Ok(())
    }

    /// Puts an object whose value is objects.
    pub fn put_template(&mut self, tag: u8, inner: &Self) -> Result<(), InvalidValue> {
        self.put(tag, &inner.text)
    }

    /// Whether these would fit into a template.
    pub fn fit_into_a_template(&self) -> bool {
        self.text.chars().count() <= VALUE_CHARS_MAX
    }

    /// The whole code: the objects and the checksum of all that stands before it.
    pub fn sealed(mut self) -> String {
        self.text.push_str("6304");
        let checksum = crc16(self.text.as_bytes());
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{checksum:04X}");
        self.text
    }
}

/// CRC-16 with polynomial 1021 and initial value FFFF, neither reflected (ISO/IEC 13239; EMVCo,
/// tag 63).
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 { shifted } else { shifted ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_the_nine_digits_is_the_published_one() {
        assert_eq!(crc16(b"123456789"), 0x29B1);
    }

    /// A code of a Tunisian wallet, object by object; two independent decoders accept it.
    #[test]
    fn a_code_of_a_real_wallet_is_written_as_it_stands() {
        let objects = |pairs: &[(u8, &str)]| {
            let mut objects = Objects::default();
            for (tag, value) in pairs {
                objects.put(*tag, value).unwrap();
            }
            objects
        };
        let mut code = objects(&[(0, "01"), (1, "12")]);
        let account = objects(&[(0, "tn.atw.atwallet"), (1, "10112107400001578821")]);
        code.put_template(26, &account).unwrap();
        for (tag, value) in [
            (52, "3005"),
            (53, "788"),
            (54, "2.45"),
            (58, "TN"),
            (59, "MAGASIN MANAR I"),
            (60, "MANAR I"),
            (61, "2092"),
        ] {
            code.put(tag, value).unwrap();
        }
        let more = objects(&[
            (2, "***"),
            (3, "AZIZA"),
            (5, "21ATWLT1001010000001"),
            (7, "64100101"),
            (11, "400"),
        ]);
        code.put_template(62, &more).unwrap();
        assert_eq!(
            code.sealed(),
            "00020101021226430015tn.atw.atwallet01201011210740000157882152043005530378854042.45\
             5802TN5915MAGASIN MANAR I6007MANAR I6104209262590203***0305AZIZA052021ATWLT10010100\
             00001070864100101110340063043DBE"
        );
    }

    #[test]
    fn a_value_that_its_length_cannot_say_is_refused() {
        let mut objects = Objects::default();
        assert_eq!(objects.put(59, ""), Err(InvalidValue { tag: 59, chars: 0 }));
        let long = "x".repeat(100);
        assert_eq!(objects.put(59, &long), Err(InvalidValue { tag: 59, chars: 100 }));
    }
}
