//! The pages for what cannot be shown: no such payment, a refused form, a busy service.

use askama::Template;

use super::locale::Locale;
use super::shell::{Shell, html, page_path};
use super::words::Words;

/// Why a page cannot be shown. The handler sends the status; the page says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// 404: there is no such payment.
    NotFound,
    /// 403: the form's security token, or its origin, was refused.
    FormRefused,
    /// 400: the request could not be read.
    BadRequest,
    /// 405: this path is opened another way.
    MethodNotAllowed,
    /// 429: too many requests.
    TooManyRequests,
    /// 503: the service is busy, or the outcome of the request is unknown.
    Unavailable,
    /// 500: our own mistake.
    Internal,
}

impl Problem {
    const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::NotFound => ("not-found-heading", "not-found-next"),
            Self::FormRefused => ("form-refused-heading", "form-refused-next"),
            Self::BadRequest => ("bad-request-heading", "bad-request-next"),
            Self::MethodNotAllowed => ("method-heading", "method-next"),
            Self::TooManyRequests => ("too-many-heading", "too-many-next"),
            Self::Unavailable => ("unavailable-heading", "unavailable-next"),
            Self::Internal => ("internal-heading", "internal-next"),
        }
    }
}

#[derive(Template)]
#[template(path = "checkout/problem.html")]
struct ProblemPage {
    shell: Shell,
    words: Words,
    heading: String,
    next: String,
    back: Option<String>,
}

/// The page of a payment that does not exist. It never repeats the id that was asked for.
pub fn not_found(locale: Locale) -> String {
    problem(Problem::NotFound, locale, None, false)
}

/// The page of a problem, with a way back when it concerns a payment that exists.
pub fn problem(
    problem: Problem,
    locale: Locale,
    payment_id: Option<&str>,
    lang_chosen: bool,
) -> String {
    let words = Words(locale);
    let (heading, next) = problem.keys();
    let heading = words.text(heading);
    html(&ProblemPage {
        shell: Shell::bare(locale, &heading, payment_id),
        words,
        heading,
        next: words.text(next),
        back: payment_id.map(|id| page_path(id, lang_chosen.then_some(locale))),
    })
}
