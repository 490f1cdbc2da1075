//! The texts of the pages, from the Fluent files that are compiled in.

use std::fmt;
use std::sync::LazyLock;

use askama::filters::{Html, HtmlSafe};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use super::locale::Locale;

type Bundle = FluentBundle<FluentResource>;

/// The Fluent files, in the order of [`Locale::ALL`].
pub(super) const SOURCES: [(Locale, &str); 3] = [
    (Locale::Fr, include_str!("../../locales/fr.ftl")),
    (Locale::Ar, include_str!("../../locales/ar.ftl")),
    (Locale::En, include_str!("../../locales/en.ftl")),
];

static BUNDLES: LazyLock<[Bundle; 3]> =
    LazyLock::new(|| SOURCES.map(|(locale, source)| bundle(locale, source)));

fn bundle(locale: Locale, source: &str) -> Bundle {
    let tag: LanguageIdentifier = locale.tag().parse().expect("our own tags are well formed");
    let resource = FluentResource::try_new(source.to_owned())
        .unwrap_or_else(|(_, errors)| panic!("{}.ftl does not parse: {errors:?}", locale.tag()));
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // The pages isolate arguments with <bdi>; Fluent's own marks would end up in titles.
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).expect("no key is defined twice: a test compares the files");
    bundle
}

/// The texts in one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub(super) Locale);

impl Words {
    /// A text without arguments.
    pub(super) fn text(self, key: &str) -> String {
        self.format(key, None)
    }

    /// A text with arguments and no markup, as a title needs it.
    pub(super) fn plain(self, key: &str, arguments: &[(&'static str, &str)]) -> String {
        let mut values = FluentArgs::new();
        for (name, value) in arguments {
            values.set(*name, (*value).to_owned());
        }
        self.format(key, Some(&values))
    }

    /// A text with a number in it, in the plural form that the number takes.
    pub(super) fn counted(self, key: &str, count: i64) -> String {
        let mut values = FluentArgs::new();
        values.set("count", FluentValue::from(count));
        self.format(key, Some(&values))
    }

    /// A text whose arguments are escaped and isolated, for the body of a page.
    pub(super) fn phrase(self, key: &str, arguments: &[(&'static str, &str)]) -> Markup {
        let mut values = FluentArgs::new();
        for (name, value) in arguments {
            let inner = value.replace([OPEN, CLOSE], "");
            values.set(*name, format!("{OPEN}{inner}{CLOSE}"));
        }
        Markup::isolating(&self.format(key, Some(&values)))
    }

    fn format(self, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        let index = Locale::ALL.iter().position(|locale| *locale == self.0);
        let bundle = &BUNDLES[index.expect("ALL lists every language")];
        let pattern = bundle
            .get_message(key)
            .and_then(|message| message.value())
            .unwrap_or_else(|| panic!("no text {key} in {}.ftl", self.0.tag()));
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, arguments, &mut errors);
        assert!(errors.is_empty(), "text {key} in {}.ftl: {errors:?}", self.0.tag());
        text.into_owned()
    }
}

// Private-use characters, taken out of every argument first, so that none can forge a boundary.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// HTML that is already escaped. Only this file can make one.
#[derive(Debug, Clone, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Escapes a text and nothing else.
    pub(super) fn escaped(text: &str) -> Self {
        let html = askama::filters::escape(text, Html).expect("escaping to a String cannot fail");
        Self(html.to_string())
    }

    fn isolating(text: &str) -> Self {
        let escaped = Self::escaped(text).0;
        Self(escaped.replace(OPEN, "<bdi>").replace(CLOSE, "</bdi>"))
    }

    /// This sentence and then another.
    pub(super) fn then(mut self, next: &Self) -> Self {
        self.0.push(' ');
        self.0.push_str(&next.0);
        self
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Sound because a Markup is built only from escaped text and the two tags above.
impl HtmlSafe for Markup {}

#[cfg(test)]
mod tests {
    use super::{Locale, Words};

    #[test]
    fn arguments_in_a_page_are_escaped_and_isolated() {
        let words = Words(Locale::En);
        let text = words.phrase("code-submit", &[("amount", "<b>\u{E000}\"1\"")]).to_string();
        assert_eq!(text, "Pay <bdi>&#60;b&#62;&#34;1&#34;</bdi>");
    }

    #[test]
    fn arguments_in_a_title_carry_no_marks() {
        assert_eq!(Words(Locale::Fr).plain("code-submit", &[("amount", "1 DT")]), "Payer 1 DT");
    }

    #[test]
    fn arabic_counts_in_its_own_plural_forms() {
        let forms = [1, 2, 3, 11, 100].map(|count| Words(Locale::Ar).counted("minutes", count));
        assert_eq!(forms, ["دقيقة واحدة", "دقيقتان", "3 دقائق", "11 دقيقة", "100 دقيقة"]);
    }
}
