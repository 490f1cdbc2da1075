//! Charging a saved card: the order is opened and charged at once, by whoever began the attempt and by
//! nobody else (ADR 0023).
//!
//! **Invariant:** a charge is asked for once. Whatever is answered, or is not, the order at the bank
//! says what came of it.

use qisma_domain::attempt::AbandonReason;
use qisma_domain::binding::{Charge, HolderStep};
use qisma_domain::decide::record_holder_step::RecordHolderStep;
use qisma_domain::decide::start_card::CardStarted;
use qisma_domain::ids::PaymentId;
use qisma_store::RunError;
use secrecy::SecretString;

use super::card::{Registered, Registration, leave, register};
use super::client_of;
use super::outcome::{LookError, look_after_registration, of_other_refusal};
use crate::acquirers::smt::{ChargeAnswer, ChargeOrder, SmtClient};
use crate::gateway::Gateway;
use crate::pages::Locale;

/// A card's security code, on its way to the acquirer: wiped from memory when dropped, and shown by no
/// `Debug`. It is never compared, hashed or kept.
#[derive(Debug)]
pub struct Cvc(SecretString);

impl Cvc {
    /// Reads a code: 3 or 4 ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_code =
            (3..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| Self(SecretString::from(text)))
    }
}

/// A charge that may be made, because its attempt has begun.
#[derive(Debug)]
pub struct ChargeBegun {
    /// The payment.
    pub payment: PaymentId,
    /// Its attempt.
    pub started: CardStarted,
    /// Which card, and whose.
    pub charge: Charge,
    /// Its security code.
    pub cvc: Cvc,
    /// Who is paid, for the bank's own pages.
    pub merchant_name: String,
    /// Where the wish to pay came from.
    pub ip: String,
}

/// Charges a saved card and records what came of it. Nothing is answered: the payment says how it
/// stands.
pub async fn charge(gateway: &Gateway, begun: ChargeBegun) -> Result<(), LookError> {
    let ChargeBegun { payment, started, charge, .. } = &begun;
    let Some(client) = client_of(gateway, charge.acquirer) else {
        leave(gateway, *payment, started, AbandonReason::NotOpened).await?;
        return Ok(());
    };
    let order = Registration {
        payment: *payment,
        acquirer: charge.acquirer,
        description: &begun.merchant_name,
        locale: Locale::Fr,
        client: Some(&charge.client),
        terminal: None,
    };
    // Without the bank's own word that it has the order, and our own that the attempt is still open,
    // nothing is charged.
    if let Registered::Open { order_id } = register(gateway, client, &order, started).await? {
        charge_order(gateway, client, &begun, &order_id).await?;
    }
    Ok(())
}

async fn charge_order(
    gateway: &Gateway,
    client: &SmtClient,
    begun: &ChargeBegun,
    order_id: &str,
) -> Result<(), LookError> {
    let order_number = begun.started.order_number.as_str();
    let order = ChargeOrder {
        order_id,
        binding: &begun.charge.binding,
        cvc: &begun.cvc.0,
        ip: &begun.ip,
        language: Locale::Fr.tag(),
    };
    let answer = client.charge(&order).await;
    match answer {
        ChargeAnswer::Challenge(form) => {
            return record_step(gateway, begun, HolderStep::Issuer(form)).await;
        }
        ChargeAnswer::Refused { code } => {
            tracing::warn!(order_number, code, "the acquirer refuses to charge a saved card");
        }
        ChargeAnswer::NotSent => {
            tracing::error!(order_number, "the acquirer cannot be reached: check its URL");
        }
        ChargeAnswer::Unknown(reason) => {
            tracing::warn!(order_number, %reason, "whether a saved card was charged is not known");
        }
        ChargeAnswer::Accepted => {}
    }
    let attempt = begun.started.attempt;
    let look = look_after_registration(gateway, begun.payment, attempt).await?;
    if !look.unpaid {
        return Ok(());
    }
    match answer {
        ChargeAnswer::Refused { .. } | ChargeAnswer::NotSent => {
            let reason = AbandonReason::ChargeRefused;
            leave(gateway, begun.payment, &begun.started, reason).await?;
        }
        // Accepted and not paid: the bank wants something of the payer that it has a page for.
        ChargeAnswer::Accepted => record_step(gateway, begun, HolderStep::BankPage).await?,
        // It may be charging this very moment; the order is looked at again.
        ChargeAnswer::Unknown(_) | ChargeAnswer::Challenge(_) => {}
    }
    Ok(())
}

async fn record_step(
    gateway: &Gateway,
    begun: &ChargeBegun,
    step: HolderStep,
) -> Result<(), LookError> {
    let command = RecordHolderStep { payment: begun.payment, attempt: begun.started.attempt, step };
    match gateway.store.run_reserved(command).await {
        // Refused: the attempt has ended meanwhile, and its page is shown to nobody.
        Ok(()) | Err(RunError::Refused(_)) => Ok(()),
        Err(error) => Err(of_other_refusal(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str) -> bool {
        Cvc::parse(text).is_some()
    }

    #[test]
    fn a_code_is_3_or_4_ascii_digits() {
        assert!(reads("748") && reads("0048"));
        for text in ["", "74", "74812", "7 8", "+48", "٧٤٨"] {
            assert!(!reads(text), "{text}");
        }
    }

    #[test]
    fn a_code_is_shown_by_no_debug() {
        let code = Cvc::parse("748").expect("a code");
        assert!(!format!("{code:?}").contains("748"));
    }
}
