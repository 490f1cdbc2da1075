//! Paying by wallet: the commands, and the code on its way to the phone.
//!
//! **Invariant:** a code leaves from memory, after its commit, by the process that made it. It is in
//! no log, no queue and no file; a crash in between is what asking again is for.

use qisma_domain::challenge::CodeKey;
use qisma_domain::decide::check_code::{CheckCode, Checked};
use qisma_domain::decide::confirm_code::{CodeAnswer, ConfirmCode, ConfirmRefusal, Funds};
use qisma_domain::decide::place_hold::HoldAnswer;
use qisma_domain::decide::start_wallet::{CodeToSend, StartWallet, WalletRefusal};
use qisma_domain::ids::Mode;
use qisma_domain::payment::Payment;
use qisma_domain::phone::Phone;
use qisma_store::{Fence, Fold, OpenHold, RunError};
use std::convert::Infallible;
use tokio::task::JoinHandle;

use crate::gateway::Gateway;
use crate::messages::MessageSender;
use crate::pages::{self, Locale};
use crate::workers::holds;

/// Whether payers of a mode can pay by wallet: the rail is open and somebody carries the codes.
pub fn is_offered(gateway: &Gateway, mode: Mode) -> bool {
    gateway.wallet_is_open(mode) && !matches!(gateway.messages(mode), MessageSender::None)
}

/// Who pays what to whom, for the message.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The payment.
    pub payment: &'a Payment,
    /// Who is paid.
    pub merchant_name: &'a str,
    /// The payer's language.
    pub locale: Locale,
}

/// Starts a wallet attempt, or sends the open one's code again.
///
/// A phone without a wallet gets the same answer after the same work; in live mode the message
/// itself leaves in the background, so that not even the time tells the two apart.
pub async fn send_code(
    gateway: &Gateway,
    asked: Asked<'_>,
    phone: Phone,
    resend: bool,
) -> Result<(), RunError<WalletRefusal>> {
    let command = StartWallet {
        payment: asked.payment.id,
        mode: asked.payment.mode,
        phone: phone.clone(),
        resend,
        code_key: CodeKey::new(*gateway.keyring.otp_key()),
    };
    let made = gateway.store.run(command).await?;
    if made.has_wallet {
        let sending = post(gateway.clone(), asked, phone, &made);
        // A script that tests a shop reads the phone's page as soon as it has our answer. Only in
        // test mode: there, nobody's phone is anybody's secret.
        if asked.payment.mode == Mode::Test && sending.await.is_err() {
            tracing::error!("sending a code panicked");
        }
    }
    Ok(())
}

fn post(gateway: Gateway, asked: Asked<'_>, phone: Phone, to_send: &CodeToSend) -> JoinHandle<()> {
    let amount_millimes = asked.payment.amount.millimes();
    let text = pages::code_message(
        asked.locale,
        asked.merchant_name,
        amount_millimes,
        to_send.code.expose(),
    );
    let (payment, mode, attempt) = (asked.payment.id, asked.payment.mode, to_send.attempt);
    tokio::spawn(async move {
        // Not tried again: the payer sees the same page and can ask for another code.
        if let Err(error) = gateway.messages(mode).send(&phone.e164(), &text).await {
            tracing::error!(%payment, attempt, %error, "a code could not be sent");
        }
    })
}

/// Checks a code and, if it is right, pays, or holds the money where the merchant takes it later.
pub async fn confirm(
    gateway: &Gateway,
    asked: &Payment,
    code: String,
) -> Result<CodeAnswer, RunError<ConfirmRefusal>> {
    let payment = asked.id;
    let code_key = || CodeKey::new(*gateway.keyring.otp_key());
    let confirm = |funds| ConfirmCode { payment, code: code.clone(), code_key: code_key(), funds };
    if gateway.config.ledger.fold == Fold::Inline && asked.hold_secs.is_none() {
        return gateway.store.run(confirm(Funds::Balance)).await;
    }
    let check = CheckCode { payment, code: code.clone(), code_key: code_key() };
    let wish = match gateway.store.run(check).await? {
        Checked::Wrong(answer) => return Ok(answer),
        Checked::Right(wish) => wish,
    };
    // Nothing is reserved before a right code, or a stranger could freeze money by typing a number.
    let funds = match gateway.store.run(wish).await.map_err(never_refused)? {
        HoldAnswer::Held => Funds::Held(wish.id()),
        HoldAnswer::InsufficientFunds | HoldAnswer::Released => Funds::Missing,
    };
    let confirmed = gateway.store.run(confirm(funds)).await;
    // Another browser may have ended the attempt meanwhile, or used up the tries: the payer need not
    // wait for the worker. What an open attempt may still take stays held.
    let is_over = matches!(
        confirmed,
        Err(RunError::Refused(_))
            | Ok(CodeAnswer::Wrong { .. }
                | CodeAnswer::TriesUsedUp
                | CodeAnswer::InsufficientFunds)
    );
    if let (Funds::Held(id), true) = (funds, is_over) {
        let hold = OpenHold { id, payment, attempt: wish.attempt };
        if let Err(error) = holds::release(gateway, hold, &Fence::none()).await {
            tracing::warn!(hold = %hold.id, %error, "a hold is not free yet; a worker sees to it");
        }
    }
    confirmed
}

fn never_refused<R>(error: RunError<Infallible>) -> RunError<R> {
    match error.without_refusal() {
        Ok(error) => error,
        Err(never) => match never {},
    }
}
