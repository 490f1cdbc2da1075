//! The text message that carries a one-time code.

use super::locale::Locale;
use super::payee::Payee;
use super::quantities;
use super::words::Words;

/// A longer run of digits than this could be taken for the code, or read as one by a phone.
const DIGITS_IN_NAME_MAX: usize = 5;
/// A text message has 160 characters, or 70 once one of them is Arabic.
const NAME_CHARS_MAX: usize = 30;

/// The message, with no other run of six digits than the code.
pub fn code_message(locale: Locale, payee: &str, amount_millimes: i64, code: &str) -> String {
    // A narrow space is in no alphabet of text messages and would halve their length.
    let amount = quantities::amount(locale, amount_millimes).replace('\u{202F}', " ");
    let payee = Payee { name: payee.to_owned(), image_url: None }.shown_name();
    let words = Words(locale);
    let arguments = [("code", code), ("amount", amount.as_str()), ("payee", payee.as_str())];
    if payee.is_empty() || looks_like_a_code(&payee) || NAME_CHARS_MAX < payee.chars().count() {
        return words.plain("code-message-nameless", &arguments[..2]);
    }
    words.plain("code-message", &arguments)
}

fn looks_like_a_code(name: &str) -> bool {
    name.split(|c: char| !c.is_numeric()).any(|run| DIGITS_IN_NAME_MAX < run.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_only_code(payee: &str) {
        for locale in Locale::ALL {
            let message = code_message(locale, payee, 999_999_999_999, "012345");
            let runs: Vec<&str> =
                message.split(|c: char| !c.is_numeric()).filter(|run| 6 <= run.len()).collect();
            assert_eq!(runs, ["012345"], "{message}");
        }
    }

    #[test]
    fn the_message_says_who_is_paid_and_how_much() {
        let message = code_message(Locale::En, "Dar El Jeld", 1_234_500, "012345");
        assert_eq!(
            message,
            "012345 is your code to pay 1 234,500 DT to Dar El Jeld. Never give it to anyone."
        );
    }

    #[test]
    fn nothing_else_in_the_message_looks_like_a_code() {
        for payee in ["Dar El Jeld", "Shop 654321", "٦٥٤٣٢١", "12345 678", ""] {
            check_only_code(payee);
        }
    }
}
