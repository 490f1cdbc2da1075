//! `POST /api/transactions/init_pos_transaction`: a terminal is asked to take a payment (Flouci API,
//! section 5).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use qisma_domain::attempt::{AbandonReason, AttemptState};
use qisma_domain::decide::cancel_payment::{CancelPayment, CancelRefusal};
use qisma_domain::decide::create_payment::{
    CreatePayment, CreateRefusal, IdempotentRequest, NewPayment,
};
use qisma_domain::decide::start_card::StartRefusal;
use qisma_domain::idempotency::IdempotencyRow;
use qisma_domain::ids::{MerchantId, Mode, PaymentId};
use qisma_domain::limits::TRACKING_ID_BYTES_MAX;
use qisma_domain::link::{Link, LinkKind};
use qisma_domain::money::Amount;
use qisma_domain::payment::{Canceler, Channel, PaymentState};
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::terminal::TerminalId;
use qisma_store::RunError;
use serde::Serialize;
use utoipa::ToSchema;

use super::get_pos_transaction_status::transaction_id;
use crate::gateway::Gateway;
use crate::http::body::{Answer, JsonObject, Members};
use crate::http::caller::CallingApp;
use crate::http::error::{ApiError, ErrorBody, ErrorCode, Mistake};
use crate::http::flouci::v2::fields::Fields;
use crate::http::idempotency;
use crate::http::middleware::RequestId;
use crate::payer::card::{StartError, StartedCard, start_at_terminal};
use crate::payer::outcome::LookError;

/// Where it is, and for which path an idempotency key counts.
pub const ROUTE: &str = "/api/transactions/init_pos_transaction";
/// How long a terminal waits for its payer.
const TERMINAL_TIMEOUT_SECS: i64 = 300;
const METHODS: [&str; 4] = ["NFC", "CARD", "WALLET", "CHECK"];

/// Ask a terminal to take a payment.
///
/// It ends paid, declined by its first try, or not paid within five minutes; the webhook tells of it.
#[utoipa::path(
    post,
    path = "/api/transactions/init_pos_transaction",
    operation_id = "init_pos_transaction",
    tag = "Flouci API",
    params(
        ("Idempotency-Key" = Option<String>, Header,
            min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "1 to 255 visible ASCII characters; a fresh UUID for each payment"),
    ),
    request_body = super::schema::InitPosTransactionRequest,
    responses(
        (status = 201, description = "The terminal was asked, or had been under this key",
            body = InitPosTransactionAnswer),
        (status = 400, description = "The request has mistakes", body = ErrorBody),
        (status = 401, description = "The credentials are not those of an active app",
            body = ErrorBody),
        (status = 422, description = "The key was used for another request", body = ErrorBody),
        (status = 429, description = "Credentials of this address were refused too often",
            body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy, the terminal cannot be reached, or the outcome is unknown",
            body = ErrorBody),
    ),
    security(("app_keys" = [])),
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: CallingApp,
    request_id: RequestId,
    headers: HeaderMap,
    JsonObject(members): JsonObject,
) -> Result<Response, ApiError> {
    let key = idempotency::key_of(&headers)?;
    let asked = understand(&gateway, &caller, &members)?;
    must_be_the_machine(&gateway, &caller, &asked).await?;
    let idempotent = key.map(|key| {
        let understood = asked.canonical();
        let (scope, request) =
            (idempotency::scope(&caller, None, key), ("POST", ROUTE, understood.as_str()));
        idempotency::request(&gateway.keyring, scope, request, &request_id)
    });
    let terminal = asked.terminal.as_str().to_owned();
    let told = asked.told(caller.merchant);
    let answer = gateway.store.run(asked.command(&gateway, &caller, idempotent)).await;
    let made = answer.map_err(|error| ApiError::of_run(error, |refusal| refused(&refusal)))?;
    // In a task of its own: a caller who goes away now must not leave the terminal half asked. One that
    // was asked before is not asked again.
    let id = made.created.payment_id;
    let asking = tokio::spawn(async move { ask(&gateway, id, &told).await });
    asking.await.unwrap_or_else(|_| Err(ErrorCode::Internal.into()))?;
    Ok(respond(terminal, id, made.replay_of.as_deref()))
}

/// The answer of a request that was granted before, as its payment stands now.
pub async fn answer_again(gateway: &Gateway, row: &IdempotencyRow) -> Result<Response, ApiError> {
    let id = row.payment;
    let read = gateway.store.read(move |reader| reader.payment_by_link(&id)).await?;
    let found = read.ok_or(ErrorCode::Internal)?;
    let terminal = found.payment.channel.terminal().ok_or(ErrorCode::Internal)?.as_str().to_owned();
    if matches!(found.payment.state, PaymentState::Canceled { .. }) && was_never_asked(&found) {
        return Err(ErrorCode::TerminalUnavailable.into());
    }
    Ok(respond(terminal, id, Some(&row.request_id)))
}

/// What is asked for.
struct Asked {
    terminal: TerminalId,
    serial_number: String,
    amount: Amount,
    method: &'static str,
    developer_tracking_id: Option<String>,
    webhook: Option<Link>,
}

fn understand(
    gateway: &Gateway,
    caller: &CallingApp,
    members: &Members,
) -> Result<Asked, ApiError> {
    let mut fields = Fields::new(members);
    let plain = |text: &str| TerminalId::parse(text).map_err(|_| PLAIN);
    let terminal = fields.required("id_terminal", plain);
    if caller.mode == Mode::Live {
        let closed = "is not there: terminals are offered for test payments only, so far";
        fields.refuse("id_terminal", closed);
    }
    let serial = fields.required("serial_number", plain);
    let amount = fields.amount("amount_in_millimes");
    let method = fields.required("payment_method", |text| {
        let known = METHODS.into_iter().find(|method| *method == text);
        known.ok_or("must be NFC, CARD, WALLET or CHECK")
    });
    let developer_tracking_id = fields.text_as_sent("developer_tracking_id", TRACKING_ID_BYTES_MAX);
    let https_only = gateway.config.links.https_only;
    let webhook = fields.link("webhook", LinkKind::Webhook, https_only);
    let mistakes: Vec<Mistake> = fields.into_mistakes();
    match (terminal, serial, amount, method) {
        (Some(terminal), Some(serial), Some(amount), Some(method)) if mistakes.is_empty() => {
            let serial_number = serial.as_str().to_owned();
            Ok(Asked { terminal, serial_number, amount, method, developer_tracking_id, webhook })
        }
        _ => Err(ApiError::of_mistakes(mistakes)),
    }
}

/// A terminal that was registered is asked by its serial number only. Of the others, which test mode
/// allows, nobody knows it.
async fn must_be_the_machine(
    gateway: &Gateway,
    caller: &CallingApp,
    asked: &Asked,
) -> Result<(), ApiError> {
    let (merchant, id) = (caller.merchant, asked.terminal.clone());
    let found = gateway.store.read(move |reader| reader.terminal(merchant, &id)).await?;
    let is_another =
        found.is_some_and(|registered| registered.serial_number.as_str() != asked.serial_number);
    if is_another {
        let message = "is not that of this terminal; `qisma terminal list` shows it";
        return Err(ApiError::of_mistakes(vec![Mistake::new("serial_number", message)]));
    }
    Ok(())
}

const PLAIN: &str = "must be 1 to 32 letters, digits, hyphens, dots and underscores";

impl Asked {
    /// The request as it was understood: what an idempotency key is compared by.
    fn canonical(&self) -> String {
        serde_json::json!([
            self.terminal.as_str(),
            self.serial_number,
            self.amount,
            self.method,
            self.developer_tracking_id,
            self.webhook,
        ])
        .to_string()
    }

    /// What the acquirer is told of the terminal, in the names of the BPC family's `jsonParams`. The
    /// merchant's number tells two terminals of one id apart.
    fn told(&self, merchant: MerchantId) -> String {
        serde_json::json!({
            "merchant_id": merchant.to_string(),
            "force_terminal_id": self.terminal.as_str(),
            "serial_number": self.serial_number,
            "payment_method": self.method,
        })
        .to_string()
    }

    fn command(
        self,
        gateway: &Gateway,
        caller: &CallingApp,
        idempotent: Option<IdempotentRequest>,
    ) -> CreatePayment {
        CreatePayment {
            merchant: caller.merchant,
            app: caller.app,
            mode: caller.mode,
            new: NewPayment {
                amount: self.amount,
                legs: vec![],
                channel: Channel::Pos { terminal: self.terminal },
                success_link: None,
                fail_link: None,
                webhook: self.webhook,
                developer_tracking_id: self.developer_tracking_id,
                accept_card: true,
                image_url: None,
                hold_secs: None,
                session_timeout_secs: TERMINAL_TIMEOUT_SECS,
                client: None,
                charge: None,
            },
            link_prefix: format!("{}pay/", gateway.link_base_url),
            idempotent,
        }
    }
}

/// Asks the terminal, through the acquirer. What nobody was asked to pay is called off.
async fn ask(gateway: &Gateway, id: PaymentId, told: &str) -> Result<(), ApiError> {
    let read = gateway.store.read(move |reader| {
        let Some(found) = reader.payment_by_link(&id)? else { return Ok(None) };
        let merchant = reader.merchant(found.payment.merchant)?;
        Ok(Some((found.payment, merchant.map(|merchant| merchant.name).unwrap_or_default())))
    });
    let (payment, name) = read.await?.ok_or(ErrorCode::Internal)?;
    match start_at_terminal(gateway, &payment, &name, told).await {
        // Waiting: only the bank can say whether the terminal was asked, and goes on being read.
        Ok(StartedCard::AtBank | StartedCard::Waiting)
        | Err(StartError::Refused(StartRefusal::AttemptOpen)) => Ok(()),
        Ok(StartedCard::Unavailable) | Err(StartError::Refused(_)) => call_off(gateway, id).await,
        Err(StartError::Look(error)) => {
            tracing::error!(payment = %id, %error, "what a terminal was asked could not be recorded");
            match error {
                LookError::Store(error) => {
                    Err(ApiError::of_run(error, |_| ErrorCode::Internal.into()))
                }
                LookError::Read(error) => Err(error.into()),
                LookError::NotFound => Err(ErrorCode::Internal.into()),
            }
        }
    }
}

/// Calls off what nobody was asked to pay. What a terminal has, or has had, is left as it is.
async fn call_off(gateway: &Gateway, id: PaymentId) -> Result<(), ApiError> {
    let read = gateway.store.read(move |reader| reader.payment_by_link(&id));
    let found = read.await?.ok_or(ErrorCode::Internal)?;
    if !was_never_asked(&found) {
        return Ok(());
    }
    let command = CancelPayment { payment: id, by: Canceler::Merchant, unpaid_attempt: None };
    match gateway.store.run(command).await {
        // Another request with the same key asks at this moment.
        Err(RunError::Refused(CancelRefusal::CardOpen { .. })) => Ok(()),
        Ok(()) | Err(RunError::Refused(_)) => Err(ErrorCode::TerminalUnavailable.into()),
        Err(error) => Err(ApiError::of_run(error, |_| ErrorCode::Internal.into())),
    }
}

fn was_never_asked(found: &PaymentAggregate) -> bool {
    let not_asked = AttemptState::Abandoned { reason: AbandonReason::NotOpened };
    found.attempts.iter().all(|attempt| attempt.state == not_asked)
}

fn refused(refusal: &CreateRefusal) -> ApiError {
    match refusal {
        CreateRefusal::CallerNotActive => ErrorCode::CredentialsInvalid.into(),
        CreateRefusal::KeyReused => ErrorCode::IdempotencyKeyReused.into(),
        // It has no legs that could be wrong, and one that bears a fee is not the merchant's own.
        CreateRefusal::Split(_)
        | CreateRefusal::Destinations(_)
        | CreateRefusal::FeeAboveLegs(_) => ErrorCode::Internal.into(),
    }
}

/// The answer of `init_pos_transaction`.
#[derive(Debug, Serialize, ToSchema)]
pub struct InitPosTransactionAnswer {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// The terminal, as sent.
    #[schema(example = "testing1234")]
    terminal_id: String,
    /// The transaction, for its status. Ours: Flouci leaves it out.
    #[schema(example = "16f3ca28-7a9f-4082-8a7c-1aa1123f0ce3")]
    transaction_id: String,
    /// Always 201.
    #[schema(example = 201)]
    status_code: u16,
}

fn respond(terminal_id: String, payment: PaymentId, replay_of: Option<&str>) -> Response {
    let transaction_id = transaction_id(&payment);
    let answer =
        InitPosTransactionAnswer { success: true, terminal_id, transaction_id, status_code: 201 };
    let mut response = (StatusCode::CREATED, Answer(answer)).into_response();
    if let Some(original) = replay_of {
        idempotency::mark_replay(&mut response, original);
    }
    response
}
