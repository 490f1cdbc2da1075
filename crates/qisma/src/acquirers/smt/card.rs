//! What the acquirer tells of a card, kept only in the shape it should have: an answer that held
//! a whole card number by mistake must not bring it into our books or logs.

use qisma_domain::binding::BindingId;

/// The most digits of a card number that may be kept, at its start and at its end (PCI DSS 3.4).
const FIRST_DIGITS: usize = 6;
const LAST_DIGITS: usize = 4;
/// A longer run of digits in a free text may be a card number.
const DIGITS_IN_TEXT_MAX: usize = 9;
const HOLDER_NAME_CHARS_MAX: usize = 100;

/// A card, as far as a merchant may know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardDetails {
    /// First six digits, two stars, last four: `450921**1119`.
    pub masked_pan: Option<String>,
    /// Year and month, `YYYYMM`.
    pub expiration: Option<String>,
    /// As the payer typed it.
    pub cardholder_name: Option<String>,
    /// `VISA`, `MASTERCARD`, ...
    pub payment_system: Option<String>,
    /// The issuer's approval code.
    pub approval_code: Option<String>,
    /// ISO 3166 code of the issuing bank's country.
    pub bank_country_code: Option<String>,
    /// The retrieval reference number, by which banks find the transaction.
    pub rrn: Option<String>,
    /// What stands for the card at the acquirer, where it is saved there.
    pub binding_id: Option<BindingId>,
}

impl CardDetails {
    /// Keeps of each member what has the right shape, and drops the rest.
    pub(super) fn clean(self) -> Option<Self> {
        let clean = Self {
            masked_pan: self.masked_pan.as_deref().and_then(mask_pan),
            expiration: self
                .expiration
                .filter(|text| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())),
            cardholder_name: self.cardholder_name.filter(|text| is_safe_name(text)),
            payment_system: code(self.payment_system, 20),
            approval_code: code(self.approval_code, 12),
            bank_country_code: code(self.bank_country_code, 3),
            rrn: code(self.rrn, 12),
            binding_id: self.binding_id,
        };
        (clean != Self::default()).then_some(clean)
    }
}

/// A short code of letters, digits and underscores: too short to be a card number unless it is
/// longer than the real codes are.
fn code(text: Option<String>, chars_max: usize) -> Option<String> {
    text.filter(|text| {
        let is_code = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !text.is_empty() && text.len() <= chars_max && text.bytes().all(is_code)
    })
}

/// Payers do type their card number where their name belongs.
fn is_safe_name(text: &str) -> bool {
    let digit_count = text.chars().filter(|c| c.is_numeric()).count();
    !text.trim().is_empty()
        && text.chars().count() <= HOLDER_NAME_CHARS_MAX
        && digit_count <= DIGITS_IN_TEXT_MAX
        && !text.chars().any(char::is_control)
}

/// Brings a masked number into SMT's form, first six, `**`, last four, and masks one that was
/// not masked. None when it is no card number at all.
pub(super) fn mask_pan(raw: &str) -> Option<String> {
    let compact: Vec<char> = raw.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let is_mask = |c: &char| matches!(c, '*' | 'x' | 'X' | '•' | '.');
    if !compact.iter().all(|c| c.is_ascii_digit() || is_mask(c)) {
        return None;
    }
    let first: String =
        compact.iter().take_while(|c| c.is_ascii_digit()).take(FIRST_DIGITS).collect();
    let last_reversed: Vec<char> = compact
        .iter()
        .skip(first.len())
        .rev()
        .take_while(|c| c.is_ascii_digit())
        .take(LAST_DIGITS)
        .copied()
        .collect();
    let last: String = last_reversed.into_iter().rev().collect();
    (last.len() == LAST_DIGITS).then(|| format!("{first}**{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_masked_number_takes_one_form() {
        for (raw, expected) in [
            ("450921**1119", Some("450921**1119")),
            ("450921******1119", Some("450921**1119")),
            ("450921XXXXXX1119", Some("450921**1119")),
            ("4509 21** **** 1119", Some("450921**1119")),
            ("45092111****1119", Some("450921**1119")),
            ("XXXXXXXXXXXX1111", Some("**1111")),
            ("", None),
            ("****", None),
            ("VISA", None),
            ("450921**", None),
        ] {
            assert_eq!(mask_pan(raw).as_deref(), expected, "{raw}");
        }
    }

    #[test]
    fn a_whole_card_number_is_masked() {
        for raw in ["4509211111111119", "4509 2111 1111 1119", "4509-2111-1111-1119"] {
            assert_eq!(mask_pan(raw).as_deref(), Some("450921**1119"), "{raw}");
        }
    }

    #[test]
    fn a_card_number_in_another_member_is_dropped() {
        let pan = || Some("4509211111111119".to_owned());
        let card = CardDetails {
            cardholder_name: pan(),
            approval_code: pan(),
            rrn: pan(),
            payment_system: Some("VISA".into()),
            ..CardDetails::default()
        };
        let clean = card.clean().expect("the payment system stays");
        assert_eq!(
            clean,
            CardDetails { payment_system: Some("VISA".into()), ..CardDetails::default() }
        );
    }

    #[test]
    fn a_card_of_which_nothing_is_known_is_none() {
        assert_eq!(CardDetails::default().clean(), None);
    }
}
