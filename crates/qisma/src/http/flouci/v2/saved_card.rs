//! `generate_payment` with a saved card: the payment is made, its order opened and charged before the
//! answer, which has a page for the payer only where the bank wants to see one (Flouci API, section 2).

use axum::response::{IntoResponse, Response};
use qisma_domain::attempt::{Attempt, AttemptState};
use qisma_domain::binding::{BindingId, Charge, ClientRef};
use qisma_domain::decide::create_payment::{CreateAnswer, CreatePayment, CreateRefusal};
use qisma_domain::event::flouci_status;
use qisma_domain::idempotency::IdempotencyScope;
use qisma_domain::ids::Mode;
use qisma_domain::limits::CLIENT_ID_BYTES_MAX;
use qisma_domain::payment::{FailureReason, PaymentState};
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::time::Timestamp;
use qisma_store::RunError;
use tokio::task::JoinHandle;

use super::fields::Fields;
use super::generate_payment::refused;
use super::generated::respond;
use crate::acquirers::smt::{Binding, BindingsAnswer};
use crate::gateway::Gateway;
use crate::http::body::Members;
use crate::http::caller::CallingApp;
use crate::http::client::ClientAddress;
use crate::http::error::{ApiError, ErrorCode, Mistake};
use crate::http::idempotency;
use crate::keyring::Keyring;
use crate::payer::saved_card::{self, ChargeBegun, Cvc};

/// How long the acquirer is waited for; after that the payment goes on by itself (Flouci API: answers
/// come in well under 5 s).
pub const ANSWER_SECS_MAX: i64 = 4;
const PENDING: &str = "PENDING";

/// The security code of a request, as far as it could be read.
pub enum TypedCvc {
    /// None was sent.
    Absent,
    /// Something was sent that is none.
    Wrong,
    /// This one.
    Read(Cvc),
}

impl TypedCvc {
    /// Takes the code out of a request, before anything else can be done with it.
    pub fn take(members: &mut Members) -> Self {
        match members.take_secret("cvc") {
            None => Self::Absent,
            Some(text) => Cvc::parse(&text).map_or(Self::Wrong, Self::Read),
        }
    }
}

/// What a payer is called at the acquirer: the same `client_id` of another merchant, or of the other
/// mode, is another payer.
pub fn client_of(keyring: &Keyring, caller: &CallingApp, client_id: &str) -> ClientRef {
    let merchant = caller.merchant.to_string();
    let parts = [merchant.as_bytes(), caller.mode.as_str().as_bytes(), client_id.as_bytes()];
    ClientRef::of_digest(&keyring.acquirer_client(&parts))
}

/// Reads who pays and, if a saved card is named, which one. A code without a card means nothing.
pub fn read(
    fields: &mut Fields<'_>,
    caller: &CallingApp,
    (keyring, cvc): (&Keyring, &TypedCvc),
) -> (Option<ClientRef>, Option<Charge>) {
    let client_id = fields.identifier("client_id", CLIENT_ID_BYTES_MAX);
    let client = client_id.map(|client_id| client_of(keyring, caller, &client_id));
    if !fields.is_present("binding_id") {
        return (client, None);
    }
    let binding = fields.parsed("binding_id", |text| {
        BindingId::parse(text).map_err(|_| "is no saved card's id; bindings/list gives them")
    });
    if !fields.is_present("client_id") {
        fields.refuse("client_id", "is required with a binding_id; send whose card it is");
    }
    match cvc {
        TypedCvc::Absent => {
            fields.refuse("cvc", "is required with a binding_id; send the card's security code");
        }
        TypedCvc::Wrong => fields.refuse("cvc", "must be 3 or 4 digits, in a text"),
        TypedCvc::Read(_) => {}
    }
    let charge = binding.zip(client.clone()).map(|(binding, client)| Charge {
        binding,
        client,
        acquirer: qisma_domain::account::Acquirer::of_mode(caller.mode),
    });
    (client, charge)
}

/// The wish to charge a saved card.
pub struct Wish {
    /// Which, and whose.
    pub charge: Charge,
    /// Its security code.
    pub cvc: Cvc,
    /// Where the wish comes from.
    pub client: ClientAddress,
}

/// Makes the payment and charges the card, unless that was done under the same key before.
pub async fn pay(
    gateway: &Gateway,
    command: CreatePayment,
    wish: Wish,
    version: &'static str,
) -> Result<Response, ApiError> {
    let over_at = gateway.now().plus_secs(ANSWER_SECS_MAX);
    let (merchant, mode) = (command.merchant, command.mode);
    let scope = command.idempotent.as_ref().map(|request| request.scope.clone());
    let read = gateway.store.read(move |reader| Ok(reader.merchant(merchant)?.map(|one| one.name)));
    let merchant_name = read.await?.unwrap_or_default();
    // The acquirer may check whose card it is, or not; and what was charged stays charged, though the
    // card be given up since.
    if !is_repeated(gateway, scope.as_ref()).await?
        && let Err(error) = may_charge(gateway, mode, &wish.charge, over_at).await
    {
        // While the acquirer was asked, another request under the same key may have begun the charge:
        // its answer is the only true one.
        if !is_repeated(gateway, scope.as_ref()).await? {
            return Err(error);
        }
    }
    let client = wish.charge.client.clone();
    // In a task of its own: a caller who hangs up must not leave a payment that nobody charges.
    let making = tokio::spawn(make(gateway.clone(), command, wish, merchant_name));
    let done = making.await.map_err(|_| ErrorCode::OutcomeUnknown)?;
    let (answer, charging) = done.map_err(|error| ApiError::of_run(error, refused))?;
    if let Some(charging) = charging {
        tokio::select! {
            biased;
            _ = charging => {}
            () = gateway.clock.sleep_until(over_at) => {}
        }
    }
    let id = answer.created.payment_id;
    let read = gateway.store.read(move |reader| reader.payment_of_merchant(merchant, mode, &id));
    // The payment is made, whatever this read comes to: an error here would be taken for a refusal.
    let seen = read.await.ok().flatten();
    let replay_of = answer.replay_of.clone();
    match seen.as_ref().map_or(Ok(PENDING), status_of) {
        Ok(status) => Ok(respond(answer, version, Some(status))),
        Err(error) => {
            let mut response = error.into_response();
            match replay_of {
                Some(original) => idempotency::mark_replay(&mut response, &original),
                None => gateway.address_limits.charge_declined(client, gateway.now()),
            }
            Ok(response)
        }
    }
}

/// Whether something was done under the key before. Without a key nothing was.
async fn is_repeated(
    gateway: &Gateway,
    scope: Option<&IdempotencyScope>,
) -> Result<bool, ApiError> {
    let Some(scope) = scope.cloned() else { return Ok(false) };
    Ok(gateway.store.read(move |reader| reader.has_idempotency_key(&scope)).await?)
}

/// Refuses what is not saved for the payer, and one who was declined too often.
async fn may_charge(
    gateway: &Gateway,
    mode: Mode,
    charge: &Charge,
    over_at: Timestamp,
) -> Result<(), ApiError> {
    let saved = saved_cards(gateway, mode, &charge.client, over_at).await?;
    if !saved.iter().any(|card| card.id == charge.binding) {
        return Err(ErrorCode::BindingNotFound.into());
    }
    Ok(gateway.address_limits.may_charge(&charge.client, gateway.now())?)
}

type Made = (CreateAnswer, Option<JoinHandle<()>>);

/// Makes the payment and begins to charge the card. Of all who ask under one key, one does.
async fn make(
    gateway: Gateway,
    command: CreatePayment,
    wish: Wish,
    merchant_name: String,
) -> Result<Made, RunError<CreateRefusal>> {
    let answer = gateway.store.run(command).await?;
    let charging = answer.started.clone().map(|started| {
        let begun = ChargeBegun {
            payment: answer.created.payment_id,
            started,
            charge: wish.charge,
            cvc: wish.cvc,
            merchant_name,
            ip: wish.client.ip().to_string(),
        };
        tokio::spawn(async move {
            let payment = begun.payment;
            if let Err(error) = saved_card::charge(&gateway, begun).await {
                tracing::warn!(%payment, %error, "a saved card's charge is looked after later");
            }
        })
    });
    Ok((answer, charging))
}

/// How a payment stands by now if it was made with a saved card, or why that came to nothing.
pub fn status_now(seen: &PaymentAggregate) -> Result<Option<&'static str>, ApiError> {
    let has_saved = |attempt: &Attempt| attempt.card().is_some_and(|card| card.saved.is_some());
    let is_charge = seen.attempts.iter().any(has_saved);
    is_charge.then(|| status_of(seen)).transpose()
}

/// How a payment with a saved card stands, or why it came to nothing.
fn status_of(seen: &PaymentAggregate) -> Result<&'static str, ApiError> {
    let state = &seen.payment.state;
    let is_unpaid = match state {
        PaymentState::Failed { reason, .. } => *reason == FailureReason::Declined,
        PaymentState::Expired { .. } | PaymentState::Canceled { .. } => true,
        _ => false,
    };
    if !is_unpaid {
        return Ok(flouci_status(state));
    }
    let class = seen.attempts.iter().rev().find_map(|attempt| match attempt.state {
        AttemptState::Declined { class, .. } => Some(class),
        _ => None,
    });
    Err(class.map_or_else(
        || ErrorCode::ChargeNotMade.into(),
        |class| {
            let why = format!("was declined: {}", class.as_str());
            ApiError::with_mistakes(
                ErrorCode::ChargeDeclined,
                vec![Mistake::new("binding_id", why)],
            )
        },
    ))
}

/// What a payer has saved, as the acquirer says at this moment.
pub async fn saved_cards(
    gateway: &Gateway,
    mode: Mode,
    client: &ClientRef,
    over_at: Timestamp,
) -> Result<Vec<Binding>, ApiError> {
    // Without an acquirer nothing was ever saved.
    let Some(acquirer) = gateway.acquirer(mode) else { return Ok(vec![]) };
    let answer = tokio::select! {
        biased;
        answer = acquirer.bindings(client.as_str()) => Some(answer),
        () = gateway.clock.sleep_until(over_at) => None,
    };
    match answer {
        Some(BindingsAnswer::Bindings(saved)) => return Ok(saved),
        Some(BindingsAnswer::Refused { code }) => {
            tracing::error!(code, "the acquirer refuses to list saved cards: check our rights");
        }
        Some(BindingsAnswer::Unknown(reason)) => {
            tracing::warn!(%reason, "saved cards could not be listed");
        }
        None => tracing::warn!("saved cards were not listed in time"),
    }
    Err(ErrorCode::AcquirerUnavailable.into())
}
