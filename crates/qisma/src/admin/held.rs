//! What operators are shown of money that is held until a merchant takes it.

use qisma_domain::money::Amount;
use qisma_domain::payment::Payment;
use qisma_domain::time::Timestamp;
use serde::Serialize;

/// Money that is held, or was.
#[derive(Serialize)]
pub struct AuthorizationView {
    attempt: u16,
    authorized_millimes: i64,
    /// How far taking it, or letting it go, has come.
    step: &'static str,
    /// How much is being taken of it.
    capturing_millimes: Option<i64>,
    authorized_at: String,
    expires_at: String,
    /// When it is looked after again.
    next_look_at: Option<String>,
    /// Whether an operator has to decide.
    needs_operator: bool,
    /// The acquirer's number of why it last refused to take it.
    refused_code: Option<i64>,
}

impl AuthorizationView {
    /// What is held for a payment, if anything is or was.
    pub fn of(payment: &Payment) -> Option<Self> {
        payment.authorization.as_ref().map(|held| Self {
            attempt: held.attempt,
            authorized_millimes: payment.amount.millimes(),
            step: held.step.as_str(),
            capturing_millimes: held.step.capturing().map(Amount::millimes),
            authorized_at: held.at.rfc3339(),
            expires_at: held.expires_at.rfc3339(),
            next_look_at: held.next_look_at.map(Timestamp::rfc3339),
            needs_operator: held.needs_operator,
            refused_code: held.refused_code,
        })
    }
}
