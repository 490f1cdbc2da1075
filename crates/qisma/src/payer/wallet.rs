//! Paying by wallet: the commands, and the code on its way to the phone.
//!
//! **Invariant:** a code leaves from memory, after its commit, by the process that made it. It is in
//! no log, no queue and no file; a crash in between is what asking again is for.

use qisma_domain::challenge::CodeKey;
use qisma_domain::decide::confirm_code::{CodeAnswer, ConfirmCode, ConfirmRefusal};
use qisma_domain::decide::start_wallet::{CodeToSend, StartWallet, WalletRefusal};
use qisma_domain::ids::{Mode, PaymentId};
use qisma_domain::payment::Payment;
use qisma_domain::phone::Phone;
use qisma_store::RunError;
use tokio::task::JoinHandle;

use crate::gateway::Gateway;
use crate::messages::MessageSender;
use crate::pages::{self, Locale};

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

/// Checks a code and, if it is right, pays.
pub async fn confirm(
    gateway: &Gateway,
    payment: PaymentId,
    code: String,
) -> Result<CodeAnswer, RunError<ConfirmRefusal>> {
    let code_key = CodeKey::new(*gateway.keyring.otp_key());
    gateway.store.run(ConfirmCode { payment, code, code_key }).await
}
