//! What every page has around its content: the frame of the payment, language, title, leaving.

use askama::Template;

use super::locale::Locale;
use super::payee::Payee;
use super::quantities;
use super::words::Words;

/// What every page of one payment knows.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The payment's id, as in its link.
    pub payment_id: String,
    /// Who is paid.
    pub payee: Payee,
    /// The amount to pay, in millimes of the dinar.
    pub amount_millimes: i64,
    /// Seconds until the payment expires; `None` where that no longer matters.
    pub seconds_left: Option<i64>,
    /// The word that `/pay/{id}/status` answers at this moment. The page reloads when it changes.
    pub state: String,
    /// The language of the page.
    pub locale: Locale,
    /// Whether the language was chosen by `?lang=`; then links and forms carry it on.
    pub lang_chosen: bool,
    /// Whether this is test money, which the page says.
    pub test_mode: bool,
    /// Whether a shop waits for the payer's return. To a payment by QR code nobody does.
    pub has_shop: bool,
}

impl Frame {
    /// The page of this payment, in the chosen language: where a form's 303 goes.
    pub fn page_path(&self) -> String {
        page_path(&self.payment_id, self.lang_chosen.then_some(self.locale))
    }

    /// A path under this payment's page, in the chosen language: `/pay/{id}/bank`.
    pub fn path_under(&self, name: &str) -> String {
        let under = format!("{}/{name}", self.payment_id);
        page_path(&under, self.lang_chosen.then_some(self.locale))
    }

    pub(super) fn words(&self) -> Words {
        Words(self.locale)
    }

    pub(super) fn amount(&self) -> String {
        quantities::amount(self.locale, self.amount_millimes)
    }

    /// The hidden fields of a form.
    pub(super) fn form(&self, csrf: &str) -> FormFields {
        FormFields { csrf: csrf.to_owned(), lang: self.lang_chosen.then(|| self.locale.tag()) }
    }
}

/// The page of a payment, with the language only when it was chosen by `?lang=`.
pub fn page_path(payment_id: &str, chosen: Option<Locale>) -> String {
    match chosen {
        Some(locale) => format!("/pay/{payment_id}?lang={}", locale.tag()),
        None => format!("/pay/{payment_id}"),
    }
}

/// The hidden fields that every form carries.
pub(super) struct FormFields {
    pub(super) csrf: String,
    pub(super) lang: Option<&'static str>,
}

/// How a page moves on without the payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moves {
    /// It stays; a script reloads it when the payment's state changes.
    Live,
    /// It stays for good.
    Still,
    /// It leaves at once, through `/pay/{id}/leave`. A redirect in answer to the form would be
    /// blocked by `form-action 'self'`.
    Leaves,
    /// It reloads itself every few seconds.
    Reloads,
}

/// A link of the language switch.
pub(super) struct LanguageLink {
    pub(super) locale: Locale,
    pub(super) path: String,
    pub(super) current: bool,
}

/// The payment in brief, beside or above the content.
pub(super) struct Summary {
    pub(super) payment_id: String,
    pub(super) page_path: String,
    pub(super) state: String,
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) image: Option<String>,
    pub(super) amount: String,
    pub(super) amount_in_words: String,
    pub(super) time_left: Option<(i64, String)>,
    pub(super) test_mode: bool,
}

impl Summary {
    /// Whether the amount needs smaller figures to stay on one line of a phone.
    pub(super) fn is_long(&self) -> bool {
        12 < self.amount.chars().count()
    }
}

/// Everything that the layout needs.
pub(super) struct Shell {
    pub(super) words: Words,
    pub(super) title: String,
    pub(super) languages: Vec<LanguageLink>,
    pub(super) moves: Moves,
    pub(super) payment: Option<Summary>,
}

impl Shell {
    /// The shell of a page of a payment.
    pub(super) fn of_payment(frame: &Frame, heading: &str, moves: Moves) -> Self {
        let words = frame.words();
        let name = frame.payee.shown_name();
        let title =
            if name.is_empty() { heading.to_owned() } else { format!("{heading} · {name}") };
        let summary = Summary {
            payment_id: frame.payment_id.clone(),
            page_path: frame.page_path(),
            state: frame.state.clone(),
            initials: frame.payee.initials(),
            image: frame.payee.shown_image(),
            amount: frame.amount(),
            amount_in_words: quantities::amount_in_words(words, frame.amount_millimes),
            time_left: frame
                .seconds_left
                .map(|seconds| (seconds.max(0), quantities::time_left(words, seconds.max(0)))),
            test_mode: frame.test_mode,
            name,
        };
        Self {
            words,
            title,
            languages: languages(frame.locale, Some(&frame.payment_id)),
            moves,
            payment: Some(summary),
        }
    }

    /// The shell of a page that shows no payment.
    pub(super) fn bare(locale: Locale, heading: &str, payment_id: Option<&str>) -> Self {
        Self {
            words: Words(locale),
            title: format!("{heading} · Qisma"),
            languages: languages(locale, payment_id),
            moves: Moves::Still,
            payment: None,
        }
    }

    /// Marks the title as that of a page with a mistake to mend, which a screen reader says first.
    pub(super) fn with_error(mut self) -> Self {
        self.title = self.words.plain("error-title", &[("title", &self.title)]);
        self
    }

    /// The payment, where the page leaves by itself.
    pub(super) fn leaving(&self) -> Option<&Summary> {
        self.payment.as_ref().filter(|_| self.moves == Moves::Leaves)
    }

    /// The payment, where a script should watch its state.
    pub(super) fn live(&self) -> Option<&Summary> {
        self.payment.as_ref().filter(|_| self.moves == Moves::Live)
    }

    pub(super) fn reloads(&self) -> bool {
        self.moves == Moves::Reloads
    }
}

/// The links go to the payment's own page, never to the path of a form, which answers no GET.
fn languages(current: Locale, payment_id: Option<&str>) -> Vec<LanguageLink> {
    let link = |locale: Locale| LanguageLink {
        locale,
        path: payment_id.map_or_else(
            || format!("?lang={}", locale.tag()),
            |payment_id| page_path(payment_id, Some(locale)),
        ),
        current: locale == current,
    };
    Locale::ALL.map(link).into()
}

/// Renders a page.
pub(super) fn html(page: &impl Template) -> String {
    page.render().expect("our templates write to a String, which cannot fail")
}
