//! The magic cards: SMT's certification cards, Flouci's test cards, and one that needs no challenge.
//!
//! Cards are matched on number, expiry and security code, never on the calendar: the cards that must
//! succeed expired long ago or soon will.

use crate::orders::CardFacts;

/// What the issuer says of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Ask for a 3-D Secure code first.
    Challenge,
    /// Approve without a challenge.
    Approve,
    /// Refuse with this action code.
    Refuse(i64),
}

/// A card of the sandbox, and what comes of it.
pub struct MagicCard {
    /// The number, without spaces.
    pub number: &'static str,
    /// The expiry, `MM/YY`.
    pub expiry: &'static str,
    /// The security code.
    pub code: &'static str,
    /// What the issuer says.
    pub verdict: Verdict,
    /// For the list on the first page.
    pub note: &'static str,
}

const VISA: &str = "4509211111111119";

/// Every magic card. The first, second and last but one are Flouci's, the frictionless one is ours and
/// the others are SMT's certification cards.
pub const MAGIC: [MagicCard; 9] = [
    card(VISA, "12/26", "748", Verdict::Challenge, "Visa, approved after 3-D Secure"),
    card(
        "5440212711111110",
        "12/26",
        "665",
        Verdict::Challenge,
        "Mastercard, approved after 3-D Secure",
    ),
    card("4568941111111119", "12/26", "257", Verdict::Refuse(121), "refused: limit exceeded"),
    card("5104051111111115", "12/26", "186", Verdict::Refuse(116), "refused: insufficient funds"),
    // This number fails the Luhn check, and must still reach its documented refusal.
    card("4557691111111119", "12/26", "748", Verdict::Refuse(111), "refused: invalid card"),
    card(VISA, "12/28", "748", Verdict::Refuse(101), "refused: wrong expiry date"),
    card(VISA, "12/26", "123", Verdict::Refuse(125), "refused: wrong security code"),
    card("5471251111111116", "11/23", "858", Verdict::Refuse(101), "refused: expired card"),
    card(
        "4509211111111127",
        "12/26",
        "748",
        Verdict::Approve,
        "Visa, approved without a challenge",
    ),
];

const fn card(
    number: &'static str,
    expiry: &'static str,
    code: &'static str,
    verdict: Verdict,
    note: &'static str,
) -> MagicCard {
    MagicCard { number, expiry, code, verdict, note }
}

/// What the issuer says of a number, an expiry (`MM/YY`) and a security code.
pub fn judge(number: &str, expiry: &str, code: &str) -> Verdict {
    let same_number = || MAGIC.iter().filter(|card| card.number == number);
    let exact = same_number().find(|card| card.expiry == expiry && card.code == code);
    if let Some(card) = exact {
        return card.verdict;
    }
    if same_number().any(|card| card.expiry == expiry) {
        return Verdict::Refuse(125);
    }
    if same_number().next().is_some() {
        return Verdict::Refuse(101);
    }
    // A number that no issuer gave out: mistyped, or simply not ours.
    Verdict::Refuse(if luhn(number) { 111 } else { 71_015 })
}

/// Amounts, in their last three digits, at which every saved card is refused with the same number as
/// action code: a test of a shop needs no card of its own for each refusal.
const REFUSED_AMOUNTS: [i64; 2] = [116, 121];

/// What the issuer says of a saved card and a security code, for an amount in minor units. Of a saved
/// card the bank has the number; here its mask says which of the magic cards it is.
pub fn judge_saved(card: &CardFacts, code: Option<&str>, amount: i64) -> Verdict {
    if let Some(code) = REFUSED_AMOUNTS.into_iter().find(|code| amount % 1_000 == *code) {
        return Verdict::Refuse(code);
    }
    let expiry = |magic: &MagicCard| {
        let (month, year) = magic.expiry.split_at(2);
        format!("20{}{month}", year.trim_start_matches('/'))
    };
    let mut same = MAGIC
        .iter()
        .filter(|magic| mask(magic.number) == card.masked_pan && expiry(magic) == card.expiration);
    let found = match code {
        Some(code) => same.find(|magic| magic.code == code),
        None => same.find(|magic| !matches!(magic.verdict, Verdict::Refuse(_))),
    };
    found.map_or(Verdict::Refuse(125), |magic| magic.verdict)
}

/// The number as the family prints it: first six, two stars, last four.
pub fn mask(number: &str) -> String {
    let tail = number.len().saturating_sub(4);
    format!("{}**{}", number.get(..6).unwrap_or(""), number.get(tail..).unwrap_or(""))
}

/// The scheme, in SMT's spelling.
pub fn brand(number: &str) -> &'static str {
    let prefix =
        |len: usize| number.get(..len).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    match (prefix(2), prefix(4)) {
        (40..=49, _) => "VISA",
        (51..=55, _) | (_, 2221..=2720) => "MASTERCARD",
        (34 | 37, _) => "AMEX",
        (_, 3528..=3589) => "JCB",
        (62, _) => "CUP",
        _ => "UNKNOWN",
    }
}

fn luhn(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0');
            match (index % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled) if doubled > 9 => doubled - 9,
                (_, doubled) => doubled,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_number_with_other_details_is_refused_for_the_detail_that_is_wrong() {
        assert_eq!(judge(VISA, "12/26", "748"), Verdict::Challenge);
        assert_eq!(judge(VISA, "12/26", "999"), Verdict::Refuse(125));
        assert_eq!(judge(VISA, "01/27", "748"), Verdict::Refuse(101));
        assert_eq!(judge("4111111111111111", "12/26", "748"), Verdict::Refuse(111));
        assert_eq!(judge("4111111111111112", "12/26", "748"), Verdict::Refuse(71_015));
    }

    #[test]
    fn a_saved_card_is_judged_by_its_code_and_the_amount() {
        let card = CardFacts {
            masked_pan: mask(VISA),
            expiration: "202612".to_owned(),
            holder: String::new(),
            brand: String::new(),
        };
        assert_eq!(judge_saved(&card, Some("748"), 10_000), Verdict::Challenge);
        assert_eq!(judge_saved(&card, None, 10_000), Verdict::Challenge);
        assert_eq!(judge_saved(&card, Some("749"), 10_000), Verdict::Refuse(125));
        assert_eq!(judge_saved(&card, Some("748"), 10_116), Verdict::Refuse(116));
    }

    #[test]
    fn a_number_is_masked_with_exactly_two_stars() {
        assert_eq!(mask(VISA), "450921**1119");
    }

    #[test]
    fn brands_are_told_by_their_prefix() {
        let brands = ["4509", "5440", "2221", "3714", "3528", "6200", "9000"].map(brand);
        assert_eq!(brands, ["VISA", "MASTERCARD", "MASTERCARD", "AMEX", "JCB", "CUP", "UNKNOWN"]);
    }
}
