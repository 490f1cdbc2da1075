//! The pages on which a payer acts: choosing a way to pay, entering a code, going on to the bank.

use askama::Template;

use super::notice::{Field, Notice, Shown};
use super::quantities;
use super::shell::{FormFields, Frame, Moves, Shell, html};
use super::words::{Markup, Words};
use crate::codes::Drawing;

/// Choosing how to pay: one form for each way.
#[derive(Debug, Clone)]
pub struct Choose {
    /// What every page of the payment knows.
    pub frame: Frame,
    /// The token of the wallet's form; `None` where no wallet is offered.
    pub wallet_csrf: Option<String>,
    /// The token of the card's form; `None` where cards are not accepted.
    pub card_csrf: Option<String>,
    /// The code that a wallet app scans to pay; `None` where no wallet is offered.
    pub scan: Option<Drawing>,
    /// The token of the form that cancels the payment.
    pub cancel_csrf: String,
    /// What just happened.
    pub notice: Option<Notice>,
}

/// Entering the code that was sent to the phone.
#[derive(Debug, Clone)]
pub struct WalletCode {
    /// What every page of the payment knows.
    pub frame: Frame,
    /// The token of the form that takes the code.
    pub code_csrf: String,
    /// The token of the form that asks for another code.
    pub resend_csrf: String,
    /// The token of the form that leaves the wallet.
    pub change_csrf: String,
    /// The token of the form that cancels the payment.
    pub cancel_csrf: String,
    /// The last two digits of the phone: enough to recognise one's own, too few to learn another's.
    pub phone_ending: String,
    /// Seconds that the code still works.
    pub code_secs: i64,
    /// Seconds until another code may be asked for; 0 when at once.
    pub resend_wait_secs: i64,
    /// What just happened.
    pub notice: Option<Notice>,
}

/// A card payment that is open at the bank, or about to be.
#[derive(Debug, Clone)]
pub struct CardOpen {
    /// What every page of the payment knows.
    pub frame: Frame,
    /// Whether the bank's page is known. Until it is, the page reloads itself: another browser is
    /// being taken to the bank at this moment.
    pub at_bank: bool,
    /// The token of the form that leaves the card.
    pub change_csrf: String,
    /// The token of the form that cancels the payment.
    pub cancel_csrf: String,
    /// What just happened.
    pub notice: Option<Notice>,
}

#[derive(Template)]
#[template(path = "checkout/choose.html")]
struct ChoosePage {
    shell: Shell,
    words: Words,
    notice: Shown,
    heading: String,
    pay: String,
    wallet: Option<FormFields>,
    phone_hint: Markup,
    card: Option<FormFields>,
    scan: Option<Scan>,
    cancel: FormFields,
    cancel_label: String,
}

/// The code to scan, as the page draws it.
struct Scan {
    side: usize,
    path: String,
    description: String,
}

/// A number that has the shape of a Tunisian mobile; it stands in the hint under the field.
const EXAMPLE_PHONE: &str = "55 555 555";

/// The page with one form for each way to pay.
pub fn choose(view: &Choose) -> String {
    let frame = &view.frame;
    let words = frame.words();
    let two_ways = view.wallet_csrf.is_some() && view.card_csrf.is_some();
    let heading = words.text(if two_ways { "choose-heading" } else { "choose-heading-single" });
    let field = view.wallet_csrf.as_ref().map(|_| Field::Phone);
    let notice = Shown::place(view.notice, words, field);
    html(&ChoosePage {
        shell: shell(frame, &heading, &notice),
        words,
        notice,
        heading,
        pay: pay(frame),
        wallet: view.wallet_csrf.as_deref().map(|csrf| frame.form(csrf)),
        phone_hint: words.phrase("phone-hint", &[("example", EXAMPLE_PHONE)]),
        card: view.card_csrf.as_deref().map(|csrf| frame.form(csrf)),
        scan: view.scan.as_ref().map(|drawing| scan(frame, drawing)),
        cancel: frame.form(&view.cancel_csrf),
        cancel_label: words.text(if frame.has_shop { "cancel-submit" } else { "cancel-here" }),
    })
}

fn scan(frame: &Frame, drawing: &Drawing) -> Scan {
    let arguments = [("amount", frame.amount()), ("payee", frame.payee.shown_name())];
    let arguments = arguments.each_ref().map(|(name, value)| (*name, value.as_str()));
    Scan {
        side: drawing.side(),
        path: drawing.svg_path(),
        description: frame.words().plain("scan-described", &arguments),
    }
}

#[derive(Template)]
#[template(path = "checkout/wallet_code.html")]
struct WalletCodePage {
    shell: Shell,
    words: Words,
    notice: Shown,
    heading: String,
    pay: String,
    sent: Markup,
    lifetime: Markup,
    submit: Markup,
    resend_wait: Option<(i64, Markup)>,
    code: FormFields,
    resend: FormFields,
    change: FormFields,
    cancel: FormFields,
}

/// The page that takes the code of a wallet payment.
pub fn wallet_code(view: &WalletCode) -> String {
    let frame = &view.frame;
    let words = frame.words();
    let heading = words.text("code-heading");
    let notice = Shown::place(view.notice, words, Some(Field::Code));
    let lifetime = quantities::minutes_rounded_up(words, view.code_secs);
    let wait = quantities::seconds(words, view.resend_wait_secs);
    let resend_wait = words.phrase("resend-wait", &[("wait", &wait)]);
    html(&WalletCodePage {
        shell: shell(frame, &heading, &notice),
        words,
        notice,
        heading,
        pay: pay(frame),
        sent: words.phrase("code-sent", &[("ending", &view.phone_ending)]),
        lifetime: words.phrase("code-lifetime", &[("minutes", &lifetime)]),
        submit: words.phrase("code-submit", &[("amount", &frame.amount())]),
        resend_wait: (0 < view.resend_wait_secs).then_some((view.resend_wait_secs, resend_wait)),
        code: frame.form(&view.code_csrf),
        resend: frame.form(&view.resend_csrf),
        change: frame.form(&view.change_csrf),
        cancel: frame.form(&view.cancel_csrf),
    })
}

#[derive(Template)]
#[template(path = "checkout/card_open.html")]
struct CardOpenPage {
    shell: Shell,
    words: Words,
    notice: Shown,
    heading: String,
    pay: String,
    explained: String,
    /// Where to ask whether it was paid; nothing while nobody can have paid.
    check: Option<String>,
    change: FormFields,
    cancel: FormFields,
}

/// The page of a payment whose card attempt is open. It never leaves by itself: the payer may
/// have come back to change their way of paying.
pub fn card_open(view: &CardOpen) -> String {
    let frame = &view.frame;
    let words = frame.words();
    let (heading, explained, moves) = if view.at_bank {
        ("card-open-heading", "card-open-explained", Moves::Live)
    } else {
        ("leaving-heading", "waiting-explained", Moves::Reloads)
    };
    let heading = words.text(heading);
    let notice = Shown::place(view.notice, words, None);
    html(&CardOpenPage {
        shell: moving_shell(frame, &heading, &notice, moves),
        words,
        notice,
        heading,
        pay: pay(frame),
        explained: words.text(explained),
        check: view.at_bank.then(|| frame.path_under("return")),
        change: frame.form(&view.change_csrf),
        cancel: frame.form(&view.cancel_csrf),
    })
}

fn shell(frame: &Frame, heading: &str, notice: &Shown) -> Shell {
    moving_shell(frame, heading, notice, Moves::Live)
}

fn moving_shell(frame: &Frame, heading: &str, notice: &Shown, moves: Moves) -> Shell {
    let shell = Shell::of_payment(frame, heading, moves);
    if notice.is_error() { shell.with_error() } else { shell }
}

/// The root of the payment's paths.
fn pay(frame: &Frame) -> String {
    format!("/pay/{}", frame.payment_id)
}
