//! The wallet's forms: a number, the code from the phone, another code.

use axum::extract::State;
use qisma_domain::decide::confirm_code::{CodeAnswer, ConfirmRefusal};
use qisma_domain::decide::start_card::StartRefusal;
use qisma_domain::decide::start_wallet::{WalletRefusal, open_wallet_attempt};
use qisma_domain::phone::Phone;
use qisma_store::RunError;

use super::load::Loaded;
use super::request::{Answer, Submission};
use super::view;
use crate::gateway::Gateway;
use crate::payer::wallet::{self, Asked};

const CODE_DIGITS: usize = 6;

/// `POST /pay/{id}/wallet`: sends a code to the number that was typed.
pub async fn pay_by_wallet(State(gateway): State<Gateway>, submission: Submission) -> Answer {
    let form = submission.accept(&gateway, "wallet").await?;
    let loaded = &form.loaded;
    if !wallet::is_offered(&gateway, loaded.payment().mode) {
        return Ok(loaded.to_page(Some(view::WALLET_UNAVAILABLE)));
    }
    let Ok(phone) = Phone::parse(form.field("phone")) else {
        // Whoever is further than choosing has no number to mend.
        if loaded.aggregate.open_attempt().is_some() {
            return Ok(loaded.to_page(None));
        }
        return Ok(loaded.to_page(Some(view::PHONE_INVALID)));
    };
    send(&gateway, loaded, phone, false).await
}

/// `POST /pay/{id}/resend`: sends another code to the same number.
pub async fn resend(State(gateway): State<Gateway>, submission: Submission) -> Answer {
    let form = submission.accept(&gateway, "resend").await?;
    let loaded = &form.loaded;
    let open = open_wallet_attempt(&loaded.aggregate).and_then(|attempt| attempt.wallet());
    let Some(phone) = open.map(|wallet| wallet.phone.clone()) else {
        return Ok(loaded.to_page(None));
    };
    send(&gateway, loaded, phone, true).await
}

async fn send(gateway: &Gateway, loaded: &Loaded, phone: Phone, resend: bool) -> Answer {
    let asked = Asked {
        payment: loaded.payment(),
        merchant_name: &loaded.payee.name,
        locale: loaded.tongue.locale,
    };
    let word = match wallet::send_code(gateway, asked, phone, resend).await {
        Ok(()) => resend.then_some(view::CODE_RESENT),
        Err(RunError::Refused(refusal)) => word_of(refusal),
        Err(error) => return Err(loaded.store_failed(&error)),
    };
    Ok(loaded.to_page(word))
}

const fn word_of(refusal: WalletRefusal) -> Option<&'static str> {
    match refusal {
        WalletRefusal::TooSoon { .. } => Some(view::TOO_SOON),
        WalletRefusal::TooManyForPayment | WalletRefusal::TooManyForPhone { .. } => {
            Some(view::TOO_MANY_CODES)
        }
        WalletRefusal::Start(StartRefusal::AttemptOpen) => Some(view::OPEN_ELSEWHERE),
        WalletRefusal::Start(StartRefusal::TooManyAttempts) => Some(view::WALLET_UNAVAILABLE),
        // The page shows what the payment has come to meanwhile.
        WalletRefusal::Start(_) | WalletRefusal::NothingToResend => None,
    }
}

/// `POST /pay/{id}/code`: pays, if the code is right.
pub async fn confirm_code(State(gateway): State<Gateway>, submission: Submission) -> Answer {
    let form = submission.accept(&gateway, "code").await?;
    let loaded = &form.loaded;
    let code: String = form.field("code").chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != CODE_DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(loaded.to_page(Some(view::CODE_MALFORMED)));
    }
    match wallet::confirm(&gateway, loaded.payment(), code).await {
        // How many tries are left stands in the books, where the page looks.
        Ok(CodeAnswer::Wrong { .. }) => Ok(loaded.to_page(Some(view::CODE_WRONG))),
        Err(RunError::Refused(ConfirmRefusal::CodeExpired)) => {
            Ok(loaded.to_page(Some(view::CODE_EXPIRED)))
        }
        // The page ends a payment whose time is over, and shows whatever else happened.
        Ok(_) | Err(RunError::Refused(_)) => Ok(loaded.to_page(None)),
        Err(error) => Err(loaded.store_failed(&error)),
    }
}
