//! The pages on which a payer only reads: leaving for the bank, waiting for it, and how it ended.

use askama::Template;

use super::notice::DeclineReason;
use super::shell::{Frame, Moves, Shell, html};
use super::words::{Markup, Words};

/// What the page's emblem shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Emblem {
    Busy,
    Done,
    Failed,
    Expired,
    Canceled,
}

#[derive(Template)]
#[template(path = "checkout/outcome.html")]
struct OutcomePage {
    shell: Shell,
    emblem: Emblem,
    heading: String,
    sentences: Vec<Markup>,
    link: Option<Link>,
}

/// The way on.
struct Link {
    path: String,
    label: String,
    icon: bool,
}

/// The page between our form and the bank's page: it leaves at once.
pub fn leaving_to_bank(frame: &Frame) -> String {
    let words = frame.words();
    let link = leave(frame, words.text("card-open-link"), true);
    let sentences = vec![sentence(words, "leaving-explained")];
    render(frame, Emblem::Busy, "leaving-heading", Moves::Leaves, sentences, Some(link))
}

/// The page of a payment whose outcome the bank has not told yet. It reloads itself.
pub fn waiting(frame: &Frame) -> String {
    let words = frame.words();
    let sentences = vec![sentence(words, "waiting-explained"), sentence(words, "waiting-close")];
    render(frame, Emblem::Busy, "waiting-heading", Moves::Reloads, sentences, None)
}

/// The page of a captured payment. Like the other ends it leaves for the shop, where there is one.
pub fn paid(frame: &Frame) -> String {
    let name = frame.payee.shown_name();
    let explained = if frame.has_shop { "paid-explained" } else { "paid-here" };
    let sentences = vec![frame.words().phrase(explained, &[("payee", &name)])];
    ended(frame, Emblem::Done, "paid-heading", sentences)
}

/// The page of a payment whose money is held for the merchant, which leaves for the shop.
pub fn authorized(frame: &Frame) -> String {
    let name = frame.payee.shown_name();
    let sentences = vec![frame.words().phrase("authorized-explained", &[("payee", &name)])];
    ended(frame, Emblem::Done, "authorized-heading", sentences)
}

/// The page of a failed payment.
pub fn failed(frame: &Frame, reason: Option<DeclineReason>) -> String {
    let words = frame.words();
    let mut sentences: Vec<_> =
        reason.map(|reason| sentence(words, reason.key())).into_iter().collect();
    sentences.push(sentence(words, if frame.has_shop { "failed-next" } else { "failed-here" }));
    ended(frame, Emblem::Failed, "failed-heading", sentences)
}

/// The page of a payment that was not paid in time.
pub fn expired(frame: &Frame) -> String {
    let next = if frame.has_shop { "expired-next" } else { "expired-here" };
    ended(frame, Emblem::Expired, "expired-heading", vec![sentence(frame.words(), next)])
}

/// The page of a payment that the payer canceled.
pub fn canceled(frame: &Frame) -> String {
    let next = if frame.has_shop { "canceled-next" } else { "canceled-here" };
    ended(frame, Emblem::Canceled, "canceled-heading", vec![sentence(frame.words(), next)])
}

fn ended(frame: &Frame, emblem: Emblem, heading: &str, sentences: Vec<Markup>) -> String {
    if !frame.has_shop {
        return render(frame, emblem, heading, Moves::Still, sentences, None);
    }
    let link = leave(frame, frame.words().text("back-to-shop"), false);
    render(frame, emblem, heading, Moves::Leaves, sentences, Some(link))
}

fn render(
    frame: &Frame,
    emblem: Emblem,
    heading: &str,
    moves: Moves,
    sentences: Vec<Markup>,
    link: Option<Link>,
) -> String {
    let heading = frame.words().text(heading);
    // An ended payment has no time left, whatever the caller passed.
    let frame = Frame { seconds_left: None, ..frame.clone() };
    let shell = Shell::of_payment(&frame, &heading, moves);
    html(&OutcomePage { shell, emblem, heading, sentences, link })
}

fn leave(frame: &Frame, label: String, icon: bool) -> Link {
    Link { path: format!("/pay/{}/leave", frame.payment_id), label, icon }
}

fn sentence(words: Words, key: &str) -> Markup {
    Markup::escaped(&words.text(key))
}
