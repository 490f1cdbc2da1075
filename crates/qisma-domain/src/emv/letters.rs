//! Names in the letters that an EMVCo code may have: ASCII. A French name loses its accents, an Arabic
//! one is written as Tunisians write it in Latin letters; what has no such letter is left out.

/// A name in ASCII, of at most so many characters. Empty when nothing of it can be written so.
pub fn in_ascii(name: &str, chars_max: usize) -> String {
    let mut written = String::new();
    for letter in name.chars() {
        if (' '..='~').contains(&letter) {
            written.push(letter);
        } else if letter.is_whitespace() {
            written.push(' ');
        } else {
            written.push_str(latin(letter));
        }
    }
    let words: Vec<&str> = written.split_whitespace().collect();
    let cut: String = words.join(" ").chars().take(chars_max).collect();
    cut.trim_end().to_owned()
}

/// Whether somebody who reads the name in ASCII would miss its Arabic letters.
pub fn is_arabic(name: &str) -> bool {
    name.chars().any(|letter| ('\u{621}'..='\u{6d3}').contains(&letter))
}

/// The letter in ASCII; nothing where it has none.
const fn latin(letter: char) -> &'static str {
    match letter {
        'À'..='Å' => "A",
        'Æ' => "AE",
        'Ç' => "C",
        'È'..='Ë' => "E",
        'Ì'..='Ï' => "I",
        'Ñ' => "N",
        'Ò'..='Ö' | 'Ø' => "O",
        'Ù'..='Ü' => "U",
        'Ý' | 'Ÿ' => "Y",
        'à'..='å' => "a",
        'æ' => "ae",
        'ç' => "c",
        'è'..='ë' => "e",
        'ì'..='ï' => "i",
        'ñ' => "n",
        'ò'..='ö' | 'ø' => "o",
        'ù'..='ü' => "u",
        'ý' | 'ÿ' => "y",
        'Œ' => "OE",
        'œ' => "oe",
        'ß' => "ss",
        '’' | '‘' => "'",
        '“' | '”' | '«' | '»' => "\"",
        '–' | '—' => "-",
        _ => arabic(letter),
    }
}

/// An Arabic letter as Tunisians write it in Latin ones.
const fn arabic(letter: char) -> &'static str {
    match letter {
        'ا' | 'أ' | 'إ' | 'آ' | 'ى' | 'ة' | 'ع' => "a",
        'ب' | 'پ' => "b",
        'ت' | 'ط' => "t",
        'ث' => "th",
        'ج' => "j",
        'ح' | 'ه' => "h",
        'خ' => "kh",
        'د' | 'ض' => "d",
        'ذ' | 'ظ' => "dh",
        'ر' => "r",
        'ز' => "z",
        'س' | 'ص' => "s",
        'ش' => "ch",
        'غ' => "gh",
        'ف' | 'ڢ' => "f",
        'ق' | 'ڨ' | 'گ' => "q",
        'ك' => "k",
        'ل' => "l",
        'م' => "m",
        'ن' => "n",
        'و' | 'ؤ' => "ou",
        'ي' | 'ئ' => "i",
        'ڤ' => "v",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_its_accents_and_keeps_its_length() {
        assert_eq!(in_ascii("Épicerie  Ben\tAïcha & Œuvre", 25), "Epicerie Ben Aicha & OEuv");
    }

    #[test]
    fn an_arabic_name_is_written_in_latin_letters() {
        assert_eq!(in_ascii("سوق تونس", 25), "souq touns");
        assert!(is_arabic("سوق Tunis") && !is_arabic("Souk"));
    }

    #[test]
    fn what_has_no_letter_in_ascii_is_left_out() {
        assert_eq!(in_ascii("商店 Tunis 🛒", 25), "Tunis");
        assert_eq!(in_ascii("商店", 25), "");
    }
}
