//! The QR code that a wallet app scans to pay a payment: EMVCo, merchant-presented, as Tunisian
//! wallets write it.
//!
//! Besides what the specification asks for it carries the payment's link, in an unreserved template
//! (tags 80 to 99), which readers that do not know it pass over.

mod letters;
mod objects;

pub use objects::{InvalidValue, Objects};

use crate::ids::PaymentId;
use crate::money::{Amount, Currency};

/// Characters of a merchant's name (EMVCo, tag 59; tag 64, object 01).
const NAME_CHARS_MAX: usize = 25;
/// Characters of a city (EMVCo, tag 60).
const CITY_CHARS_MAX: usize = 15;
/// Stands for a name of which nothing can be written in ASCII.
const NAMELESS: &str = "Merchant";

const FORMAT: u8 = 0;
const POINT_OF_INITIATION: u8 = 1;
const MERCHANT_ACCOUNT: u8 = 26;
const CATEGORY: u8 = 52;
const CURRENCY: u8 = 53;
const AMOUNT: u8 = 54;
const COUNTRY: u8 = 58;
const NAME: u8 = 59;
const CITY: u8 = 60;
const POSTAL_CODE: u8 = 61;
const MORE: u8 = 62;
const IN_ARABIC: u8 = 64;
/// The first of the templates that everybody may use.
const LINK: u8 = 80;

const TEMPLATE_OWNER: u8 = 0;
const TEMPLATE_VALUE: u8 = 1;
const REFERENCE: u8 = 5;

/// What the operator says of all codes of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    /// Who gives the account's number its meaning: a reverse domain of at most 32 characters.
    pub guid: String,
    /// The account into which wallet apps pay; none: the merchant's own number stands there.
    pub account: Option<String>,
    /// The category of the merchants (ISO 18245), four digits.
    pub category: String,
    /// Where they are.
    pub city: String,
    /// The postal code of that, if it is said.
    pub postal_code: Option<String>,
}

/// One payment's code.
#[derive(Clone, Copy, Debug)]
pub struct Code<'a> {
    /// What holds for all of them.
    pub collector: &'a Collector,
    /// The payment.
    pub payment: &'a PaymentId,
    /// Who is paid, as the merchant's number.
    pub merchant: &'a str,
    /// ... and as a name.
    pub merchant_name: &'a str,
    /// What is paid.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// The page on which it is paid.
    pub link: &'a str,
}

impl Code<'_> {
    /// The code's text. A link that is too long for its template is left out: the reference finds the
    /// payment, too.
    pub fn text(&self) -> Result<String, InvalidValue> {
        let of = self.collector;
        let mut code = Objects::default();
        code.put(FORMAT, "01")?;
        // 12: for this one payment; 11 would be a code that is paid again and again.
        code.put(POINT_OF_INITIATION, "12")?;
        let account = of.account.as_deref().unwrap_or(self.merchant);
        code.put_template(MERCHANT_ACCOUNT, &owned(&of.guid, account)?)?;
        code.put(CATEGORY, &of.category)?;
        code.put(CURRENCY, self.currency.number())?;
        code.put(AMOUNT, &dinars(self.amount))?;
        code.put(COUNTRY, "TN")?;
        let name = letters::in_ascii(self.merchant_name, NAME_CHARS_MAX);
        code.put(NAME, if name.is_empty() { NAMELESS } else { &name })?;
        code.put(CITY, &letters::in_ascii(&of.city, CITY_CHARS_MAX))?;
        if let Some(postal_code) = &of.postal_code {
            code.put(POSTAL_CODE, postal_code)?;
        }
        let mut more = Objects::default();
        more.put(REFERENCE, &self.payment.to_string())?;
        code.put_template(MORE, &more)?;
        if letters::is_arabic(self.merchant_name) {
            code.put_template(IN_ARABIC, &in_arabic(self.merchant_name)?)?;
        }
        if let Some(link) = owned(&of.guid, self.link).ok().filter(Objects::fit_into_a_template) {
            code.put_template(LINK, &link)?;
        }
        Ok(code.sealed())
    }
}

/// A template that says whose it is.
fn owned(guid: &str, value: &str) -> Result<Objects, InvalidValue> {
    let mut template = Objects::default();
    template.put(TEMPLATE_OWNER, guid)?;
    template.put(TEMPLATE_VALUE, value)?;
    Ok(template)
}

fn in_arabic(name: &str) -> Result<Objects, InvalidValue> {
    // Readers that count in UTF-16 must come to the same length.
    let plain = name.chars().filter(|letter| letter.len_utf16() == 1 && !letter.is_control());
    let name: String = plain.take(NAME_CHARS_MAX).collect();
    let mut template = Objects::default();
    template.put(0, "AR")?;
    template.put(1, &name)?;
    Ok(template)
}

/// An amount as codes write it: dinars, and the millimes behind a dot where there are any.
fn dinars(amount: Amount) -> String {
    let (dinars, millimes) = (amount.millimes() / 1_000, amount.millimes() % 1_000);
    if millimes == 0 {
        return dinars.to_string();
    }
    format!("{dinars}.{millimes:03}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collector() -> Collector {
        Collector {
            guid: "tn.qisma".into(),
            account: Some("10112107400001578821".into()),
            category: "5999".into(),
            city: "Tunis".into(),
            postal_code: Some("1000".into()),
        }
    }

    fn code_of(name: &str, millimes: i64, link: &str) -> String {
        Code {
            collector: &collector(),
            payment: &PaymentId::from_bytes([7; 16]),
            merchant: "1234",
            merchant_name: name,
            amount: Amount::from_millimes(millimes).unwrap(),
            currency: Currency::Tnd,
            link,
        }
        .text()
        .unwrap()
    }

    #[test]
    fn a_payments_code_says_who_is_paid_how_much_and_where() {
        let text = code_of("Épicerie", 2_450, "https://pay.example/pay/BwcHBwcHBwcHBwcHBwcHBw");
        assert_eq!(
            text,
            "00020101021226360008tn.qisma0120101121074000015788215204599953037885404\
             2.455802TN5908Epicerie6005Tunis6104100062260522BwcHBwcHBwcHBwcHBwcHBw\
             80620008tn.qisma0146https://pay.example/pay/BwcHBwcHBwcHBwcHBwcHBw6304"
                .to_owned()
                + &text[text.len() - 4..]
        );
    }

    #[test]
    fn an_amount_is_written_in_dinars_with_a_dot() {
        let written = [1, 10, 999, 1_000, 1_500, 2_450, 999_999_999_999]
            .map(|millimes| dinars(Amount::from_millimes(millimes).unwrap()));
        let expected = ["0.001", "0.01", "0.999", "1", "1.5", "2.45", "999999999.999"];
        assert_eq!(written, expected);
    }

    #[test]
    fn an_arabic_name_stands_in_its_own_letters_too() {
        let text = code_of("سوق تونس", 1_000, "https://pay.example/");
        assert!(text.contains("5910souq touns"), "{text}");
        assert!(text.contains("64180002AR0108سوق تونس"), "{text}");
    }

    #[test]
    fn a_link_that_does_not_fit_is_left_out() {
        let long = format!("https://pay.example/{}", "x".repeat(80));
        assert!(!code_of("Souk", 1_000, &long).contains("https"));
    }

    #[test]
    fn a_name_without_any_letter_of_ascii_still_has_a_code() {
        assert!(code_of("商店", 1_000, "https://pay.example/").contains("5908Merchant"));
    }
}
