//! Which page a payment's state calls for, and what it says of what just happened.

use axum::http::StatusCode;
use axum::response::Response;
use qisma_domain::attempt::{AbandonReason, AttemptState, DeclineClass};
use qisma_domain::limits;
use qisma_domain::payment::PaymentState;

use super::load::Loaded;
use crate::codes::{self, Drawing};
use crate::gateway::Gateway;
use crate::pages::{self, CardOpen, Choose, DeclineReason, Notice, WalletCode};
use crate::payer::wallet;

/// What was typed is no phone number.
pub const PHONE_INVALID: &str = "phone_invalid";
/// What was typed is no code.
pub const CODE_MALFORMED: &str = "code_malformed";
/// It was not the code; the page knows how many tries are left.
pub const CODE_WRONG: &str = "code_wrong";
/// The code was too old. The code's page sees that itself, with or without this word.
pub const CODE_EXPIRED: &str = "code_expired";
/// Another code was sent.
pub const CODE_RESENT: &str = "code_resent";
/// Another code was asked for too soon; the page knows how long to wait.
pub const TOO_SOON: &str = "too_soon";
/// The payment or the phone has had its codes.
pub const TOO_MANY_CODES: &str = "too_many_codes";
/// The bank has not said that the order is unpaid, so it cannot be left.
pub const BANK_UNDECIDED: &str = "bank_undecided";
/// No card payment can be started.
pub const CARD_UNAVAILABLE: &str = "card_unavailable";
/// No wallet payment can be started.
pub const WALLET_UNAVAILABLE: &str = "wallet_unavailable";
/// Somebody is paying already.
pub const OPEN_ELSEWHERE: &str = "open_elsewhere";

/// The page of a payment as it stands. `word` is what a 303 of ours said about what just happened;
/// any other word is ignored, so that no link can put text on our page.
pub fn current(gateway: &Gateway, loaded: &Loaded, word: Option<&str>) -> Response {
    let frame = loaded.frame();
    let notice = notice_of(loaded, word);
    let html = match loaded.payment().state {
        PaymentState::Captured { .. } => pages::paid(&frame),
        PaymentState::Authorized => pages::authorized(&frame),
        PaymentState::Failed { .. } => pages::failed(&frame, last_decline(loaded)),
        PaymentState::Expired { .. } => pages::expired(&frame),
        PaymentState::Canceled { .. } => pages::canceled(&frame),
        // The terminal is where it is paid, and nowhere else.
        PaymentState::Created | PaymentState::RequiresAction | PaymentState::Processing
            if loaded.payment().channel.terminal().is_some() =>
        {
            pages::waiting(&frame)
        }
        PaymentState::Created => return choose(gateway, loaded, notice),
        PaymentState::RequiresAction => return code(gateway, loaded, notice),
        PaymentState::Processing if loaded.is_at_bank_or_on_the_way() => {
            return card_open(gateway, loaded, notice);
        }
        PaymentState::Processing => pages::waiting(&frame),
    };
    loaded.page(StatusCode::OK, html)
}

/// The page of an open card attempt, also for whoever lost the race for it.
fn card_open(gateway: &Gateway, loaded: &Loaded, notice: Option<Notice>) -> Response {
    let html = pages::card_open(&CardOpen {
        frame: loaded.frame(),
        at_bank: loaded.is_at_bank(),
        change_csrf: token(gateway, loaded, "change"),
        cancel_csrf: token(gateway, loaded, "cancel"),
        notice,
    });
    loaded.page(StatusCode::OK, html)
}

/// The page with a form for each way to pay.
fn choose(gateway: &Gateway, loaded: &Loaded, notice: Option<Notice>) -> Response {
    let payment = loaded.payment();
    let takes_cards = payment.accept_card && gateway.acquirer(payment.mode).is_some();
    let cards = takes_cards && !loaded.cards_are_used_up;
    let no_more_cards = (takes_cards && !cards).then_some(Notice::TooManyCards);
    let wallets = wallet::is_offered(gateway, payment.mode);
    let scan = wallets.then(|| {
        // The merchant's own name and not the shown one: the same code as everywhere.
        Drawing::of(&codes::text_of(gateway, payment, &loaded.payee.name))
    });
    let html = pages::choose(&Choose {
        scan,
        frame: loaded.frame(),
        wallet_csrf: wallets.then(|| token(gateway, loaded, "wallet")),
        card_csrf: cards.then(|| token(gateway, loaded, "card")),
        remembers_card: payment.client.is_some(),
        cancel_csrf: token(gateway, loaded, "cancel"),
        // What can be done now matters more than why the last card was declined.
        notice: notice.or(no_more_cards).or_else(|| story_of(loaded)),
    });
    loaded.page(StatusCode::OK, html)
}

/// The page that takes the code.
fn code(gateway: &Gateway, loaded: &Loaded, notice: Option<Notice>) -> Response {
    let open = loaded.aggregate.open_attempt().and_then(|attempt| attempt.wallet());
    let phone = open.map_or("", |wallet| wallet.phone.as_str());
    let live = loaded.aggregate.live_challenge();
    let code_secs = live.map_or(0, |code| code.expires_at.secs_left(loaded.now));
    let html = pages::wallet_code(&WalletCode {
        frame: loaded.frame(),
        code_csrf: token(gateway, loaded, "code"),
        resend_csrf: token(gateway, loaded, "resend"),
        change_csrf: token(gateway, loaded, "change"),
        cancel_csrf: token(gateway, loaded, "cancel"),
        phone_ending: phone.get(6..).unwrap_or_default().to_owned(),
        code_secs,
        resend_wait_secs: resend_wait_secs(loaded),
        notice: notice.or((code_secs == 0).then_some(Notice::CodeExpired)),
    });
    loaded.page(StatusCode::OK, html)
}

fn resend_wait_secs(loaded: &Loaded) -> i64 {
    let last = loaded.aggregate.challenges.iter().map(|code| code.sent_at).max();
    last.map_or(0, |sent| sent.plus_secs(limits::OTP_SEND_GAP_SECS).secs_left(loaded.now))
}

fn token(gateway: &Gateway, loaded: &Loaded, form: &str) -> String {
    gateway.keyring.csrf_token(&loaded.payment().id.to_string(), form)
}

fn notice_of(loaded: &Loaded, word: Option<&str>) -> Option<Notice> {
    let state = &loaded.payment().state;
    let chooses = matches!(state, PaymentState::Created);
    let takes_code = matches!(state, PaymentState::RequiresAction);
    Some(match word? {
        PHONE_INVALID if chooses => Notice::PhoneInvalid,
        CODE_MALFORMED if takes_code => Notice::CodeMalformed,
        CODE_WRONG => Notice::CodeWrong { tries_left: tries_left(loaded)? },
        CODE_RESENT => Notice::CodeResent,
        // By the time the page is read the wait may be over: then there is nothing to say.
        TOO_SOON => match resend_wait_secs(loaded) {
            // The phone got a code for another payment, about which this page says nothing more.
            0 if chooses => Notice::ResendTooEarly { wait_secs: limits::OTP_SEND_GAP_SECS },
            0 => return None,
            wait_secs => Notice::ResendTooEarly { wait_secs },
        },
        TOO_MANY_CODES => Notice::TooManyCodes,
        BANK_UNDECIDED => Notice::BankUndecided,
        CARD_UNAVAILABLE => Notice::CardUnavailable,
        WALLET_UNAVAILABLE => Notice::WalletUnavailable,
        OPEN_ELSEWHERE => Notice::OpenElsewhere,
        _ => return None,
    })
}

/// The tries that the code in force still has, once one was used up.
fn tries_left(loaded: &Loaded) -> Option<u32> {
    let used = loaded.aggregate.live_challenge().map(|code| code.tries).filter(|used| 0 < *used)?;
    u32::try_from(limits::OTP_TRIES_MAX - used).ok()
}

/// What became of the last attempt, for whoever may try another: it is told by the books, so that
/// it is the same however the payer came here.
fn story_of(loaded: &Loaded) -> Option<Notice> {
    let last = loaded.aggregate.attempts.iter().max_by_key(|attempt| attempt.number)?;
    let by_wallet = last.wallet().is_some();
    match last.state {
        AttemptState::Declined { class: DeclineClass::Authentication, .. } if by_wallet => {
            Some(Notice::CodeTriesUsed)
        }
        AttemptState::Declined { class, .. } => Some(Notice::Declined(reason_of(class))),
        AttemptState::Abandoned { reason: AbandonReason::NotOpened } => {
            Some(Notice::CardUnavailable)
        }
        AttemptState::Abandoned { reason: AbandonReason::PayerLeft } => {
            Some(Notice::AttemptAbandoned)
        }
        _ => None,
    }
}

fn last_decline(loaded: &Loaded) -> Option<DeclineReason> {
    let last = loaded.aggregate.attempts.iter().max_by_key(|attempt| attempt.number)?;
    match last.state {
        AttemptState::Declined { class, .. } => Some(reason_of(class)),
        _ => None,
    }
}

const fn reason_of(class: DeclineClass) -> DeclineReason {
    match class {
        DeclineClass::InsufficientFunds => DeclineReason::InsufficientFunds,
        DeclineClass::Limit => DeclineReason::LimitExceeded,
        DeclineClass::InvalidCard | DeclineClass::Expired => DeclineReason::CardInvalid,
        DeclineClass::Authentication => DeclineReason::AuthenticationFailed,
        DeclineClass::CanceledByPayer | DeclineClass::TimedOut | DeclineClass::Other => {
            DeclineReason::Other
        }
    }
}
