//! The three languages of the sandbox, and which one a request wants.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// A language the sandbox speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// French, the default of Tunisian banks.
    Fr,
    /// Arabic, written from right to left.
    Ar,
    /// English.
    En,
}

impl Lang {
    /// Reads a code such as `fr` or `ar-TN`.
    pub fn parse(code: &str) -> Option<Self> {
        match code.get(..2)?.to_ascii_lowercase().as_str() {
            "fr" => Some(Self::Fr),
            "ar" => Some(Self::Ar),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The code for URLs and the `lang` attribute.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::Ar => "ar",
            Self::En => "en",
        }
    }

    /// The writing direction, for the `dir` attribute.
    pub const fn dir(self) -> &'static str {
        match self {
            Self::Ar => "rtl",
            Self::Fr | Self::En => "ltr",
        }
    }

    /// One text of three.
    pub const fn pick<'a>(self, fr: &'a str, ar: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Fr => fr,
            Self::Ar => ar,
            Self::En => en,
        }
    }

    /// What a page should speak: the `language` of its address, else the browser's wish, else French.
    pub fn of_page(asked: Option<&str>, headers: &HeaderMap) -> Self {
        asked.and_then(Self::parse).or_else(|| wished(headers)).unwrap_or(Self::Fr)
    }
}

/// The browser's best language that we speak. Weights are compared as text: `0.9` sorts after `0.8`,
/// and a language without a weight counts as `1`.
fn wished(headers: &HeaderMap) -> Option<Lang> {
    let header = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(&str, Lang)> = None;
    for item in header.split(',').take(20) {
        let (code, rest) = item.trim().split_once(';').unwrap_or((item.trim(), "q=1"));
        let weight = rest.trim().strip_prefix("q=").unwrap_or("1");
        if let Some(lang) = Lang::parse(code)
            && best.is_none_or(|(weight_of_best, _)| weight > weight_of_best)
        {
            best = Some((weight, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_wins_over_the_browser_and_weights_are_heeded() {
        let mut headers = HeaderMap::new();
        assert_eq!(Lang::of_page(None, &headers), Lang::Fr);
        headers.insert(ACCEPT_LANGUAGE, "de, en;q=0.5, ar-TN;q=0.9".parse().unwrap());
        assert_eq!(Lang::of_page(None, &headers), Lang::Ar);
        assert_eq!(Lang::of_page(Some("en"), &headers), Lang::En);
        assert_eq!(Lang::of_page(Some("é"), &headers), Lang::Ar);
    }
}
