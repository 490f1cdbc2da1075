//! The three languages of the payer's pages, and how one is chosen.

/// A language of the pages. French is the default, as on most Tunisian shops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locale {
    /// French, left to right.
    #[default]
    Fr,
    /// Arabic, right to left, with Latin digits as Tunisian sites write them.
    Ar,
    /// English, left to right.
    En,
}

impl Locale {
    /// Every language, in the order of the switch on the pages.
    pub const ALL: [Self; 3] = [Self::Fr, Self::Ar, Self::En];

    /// Reads a language tag such as `ar` or `ar-TN`; `None` when we do not speak the language.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|locale| primary.eq_ignore_ascii_case(locale.tag()))
    }

    /// Chooses the language: the one asked for in the query, else the best that the browser's
    /// `Accept-Language` lists (RFC 9110, section 12.5.4), else French.
    pub fn negotiate(query_lang: Option<&str>, accept_language: Option<&str>) -> Self {
        query_lang
            .and_then(Self::parse)
            .or_else(|| accept_language.and_then(Self::best_accepted))
            .unwrap_or_default()
    }

    fn best_accepted(header: &str) -> Option<Self> {
        let mut best: Option<(u32, Self)> = None;
        for range in header.split(',') {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let (Some(locale), Some(weight)) = (Self::parse(tag), weight(parameters)) else {
                continue;
            };
            // Strictly greater, so that of equals the one named first wins.
            if 0 < weight && best.is_none_or(|(other, _)| other < weight) {
                best = Some((weight, locale));
            }
        }
        best.map(|(_, locale)| locale)
    }

    /// The language tag, as in `lang="ar"` and `?lang=ar`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::Ar => "ar",
            Self::En => "en",
        }
    }

    /// The direction of writing, as in `dir="rtl"`.
    pub const fn dir(self) -> &'static str {
        match self {
            Self::Ar => "rtl",
            Self::Fr | Self::En => "ltr",
        }
    }

    /// The language's name in itself, which a reader of only that language recognises.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Fr => "Français",
            Self::Ar => "العربية",
            Self::En => "English",
        }
    }
}

/// The weight of a range in thousandths; `None` when it is not one.
fn weight(parameters: &str) -> Option<u32> {
    let Some(value) = parameters.trim().strip_prefix("q=") else {
        return parameters.trim().is_empty().then_some(1000);
    };
    let (whole, decimals) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    if 3 < decimals.len() {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let thousandths: u32 = format!("{decimals:0<3}").parse().ok()?;
    (whole <= 1).then(|| (whole * 1000 + thousandths).min(1000))
}

#[cfg(test)]
mod tests {
    use super::Locale;

    #[test]
    fn the_query_wins_over_the_header() {
        assert_eq!(Locale::negotiate(Some("en"), Some("ar")), Locale::En);
    }

    #[test]
    fn a_language_we_do_not_speak_in_the_query_leaves_the_header_to_decide() {
        assert_eq!(Locale::negotiate(Some("de"), Some("ar-TN,fr;q=0.5")), Locale::Ar);
    }

    #[test]
    fn the_heaviest_accepted_language_wins() {
        assert_eq!(Locale::negotiate(None, Some("de, en;q=0.7, ar;q=0.9, *;q=0.5")), Locale::Ar);
    }

    #[test]
    fn of_equal_weights_the_first_wins() {
        assert_eq!(Locale::negotiate(None, Some("en-GB,fr")), Locale::En);
    }

    #[test]
    fn a_refused_language_is_not_chosen() {
        assert_eq!(Locale::negotiate(None, Some("ar;q=0, en;q=0.001")), Locale::En);
    }

    #[test]
    fn nonsense_ends_in_french() {
        assert_eq!(Locale::negotiate(Some(""), Some("en;q=9.9999,;;,=,ar;q=x")), Locale::Fr);
    }
}
