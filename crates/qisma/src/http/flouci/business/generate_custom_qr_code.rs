//! `GET /api/business/generate_custom_qr_code`: a payment as a QR code (Flouci API, section 5).

use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use qisma_domain::decide::create_payment::{
    CreatePayment, CreateRefusal, IdempotentRequest, NewPayment,
};
use qisma_domain::ids::MerchantId;
use qisma_domain::limits::SESSION_TIMEOUT_SECS_DEFAULT;
use qisma_domain::money::Amount;
use qisma_domain::payment::{Channel, Payment};
use serde::Serialize;
use utoipa::ToSchema;

use super::operation;
use crate::codes::{self, Drawing};
use crate::gateway::Gateway;
use crate::http::api_key::KeyHolder;
use crate::http::body::{Answer, Members};
use crate::http::caller::CallingApp;
use crate::http::error::{ApiError, ErrorBody, ErrorCode};
use crate::http::flouci::v2::fields::Fields;
use crate::http::middleware::RequestId;
use crate::http::query::Query;
use crate::payer::wallet;

/// Where it is.
pub const ROUTE: &str = "/api/business/generate_custom_qr_code";

/// Ask for a payment as a QR code.
///
/// The code is one that wallet apps scan (EMVCo, merchant-presented), as a PNG; it leads to the
/// payment's page. The same `operation_uuid` with the same amount is the same payment and the same
/// code, however often it is asked for, until it is paid or its time is over.
#[utoipa::path(
    get,
    path = "/api/business/generate_custom_qr_code",
    operation_id = "generate_custom_qr_code",
    tag = "Flouci API",
    params(
        ("amount_in_millimes" = i64, Query, minimum = 1, maximum = 999_999_999_999_i64,
            description = "What is paid; 1 TND is 1000"),
        ("merchant_id" = String, Query, pattern = "^(0|[1-9][0-9]{0,17})$",
            description = "The merchant of the API key"),
        ("operation_uuid" = String, Query, pattern = "^[A-Za-z0-9._-]{1,64}$",
            description = "What the merchant calls it: a fresh UUID for each payment"),
        ("barcode" = Option<String>, Query, pattern = "^(false|0)?$",
            description = "Only false: barcodes are not drawn"),
    ),
    responses(
        (status = 200, description = "The code", body = CustomQrCode),
        (status = 400, description = "The request has mistakes", body = ErrorBody),
        (status = 401, description = "Not an API key of an active merchant", body = ErrorBody),
        (status = 404, description = "Another merchant than the key's", body = ErrorBody),
        (status = 409, description = "The operation has ended, or was made with another amount",
            body = ErrorBody),
        (status = 429, description = "Credentials of this address were refused too often",
            body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy, or the outcome is unknown: ask again the same",
            body = ErrorBody),
    ),
    security(("api_key" = [])),
)]
pub async fn read(
    State(gateway): State<Gateway>,
    KeyHolder(caller): KeyHolder,
    request_id: RequestId,
    Query(query): Query,
) -> Result<Answer<CustomQrCode>, ApiError> {
    let asked = understand(&gateway, &caller, &query)?;
    let made = match find(&gateway, &caller, &asked.operation).await? {
        Some(found) => found,
        None => make(&gateway, &caller, &asked, &request_id).await?,
    };
    let (payment, merchant_name) = made;
    if payment.amount != asked.amount {
        return Err(ErrorCode::OperationReused.into());
    }
    if payment.state.is_terminal() || !payment.is_payable(gateway.now()) {
        // A code that nobody can pay any more must not be shown to anybody.
        return Err(ErrorCode::OperationEnded.into());
    }
    let drawing = Drawing::of(&codes::text_of(&gateway, &payment, &merchant_name));
    Ok(Answer(CustomQrCode {
        success: true,
        code: 200,
        qr_code: STANDARD.encode(drawing.png()),
        operation_uuid: asked.operation,
    }))
}

/// What is asked for.
struct Asked {
    amount: Amount,
    operation: String,
}

fn understand(gateway: &Gateway, caller: &CallingApp, query: &Members) -> Result<Asked, ApiError> {
    let mut fields = Fields::new(query);
    let amount = fields.amount("amount_in_millimes");
    let merchant = fields.required_merchant("merchant_id");
    let operation = operation::required(&mut fields);
    if fields.switch("barcode") {
        fields.refuse("barcode", "barcodes are not drawn; send false or leave it out");
    }
    if !wallet::is_offered(gateway, caller.mode) {
        let mode = caller.mode.as_str();
        let closed = format!("no wallet is open for {mode} payments; ask the gateway's operator");
        fields.refuse("merchant_id", closed);
    }
    let mistakes = fields.into_mistakes();
    match (amount, merchant, operation) {
        (Some(amount), Some(merchant), Some(operation)) if mistakes.is_empty() => {
            must_be_own(caller, merchant)?;
            Ok(Asked { amount, operation })
        }
        _ => Err(ApiError::of_mistakes(mistakes)),
    }
}

/// Another merchant is not found, whether or not there is one of that number.
pub(super) fn must_be_own(caller: &CallingApp, merchant: MerchantId) -> Result<(), ApiError> {
    if merchant == caller.merchant { Ok(()) } else { Err(ErrorCode::MerchantNotFound.into()) }
}

/// The payment of an operation, and its merchant's name.
async fn find(
    gateway: &Gateway,
    caller: &CallingApp,
    operation: &str,
) -> Result<Option<(Payment, String)>, ApiError> {
    let scope = operation::scope(caller, operation);
    let operation = operation.to_owned();
    let read = gateway.store.read(move |reader| {
        let Some(payment) = reader.payment_of_operation(&scope, &operation)? else {
            return Ok(None);
        };
        let merchant = reader.merchant(payment.merchant)?;
        Ok(Some((payment, merchant.map(|merchant| merchant.name).unwrap_or_default())))
    });
    Ok(read.await?)
}

/// Makes the payment, unless another request makes it at this moment: then it is that one.
async fn make(
    gateway: &Gateway,
    caller: &CallingApp,
    asked: &Asked,
    request_id: &RequestId,
) -> Result<(Payment, String), ApiError> {
    let amount = asked.amount.millimes().to_be_bytes();
    let command = CreatePayment {
        merchant: caller.merchant,
        app: caller.app,
        mode: caller.mode,
        new: NewPayment {
            amount: asked.amount,
            legs: vec![],
            channel: Channel::Qr,
            success_link: None,
            fail_link: None,
            webhook: None,
            developer_tracking_id: Some(asked.operation.clone()),
            accept_card: false,
            image_url: None,
            hold_secs: None,
            session_timeout_secs: SESSION_TIMEOUT_SECS_DEFAULT,
            client: None,
            charge: None,
        },
        link_prefix: format!("{}pay/", gateway.link_base_url),
        idempotent: Some(IdempotentRequest {
            scope: operation::scope(caller, &asked.operation),
            fingerprint: gateway.keyring.fingerprint(&[b"custom_qr", &amount]),
            request_id: request_id.as_str().to_owned(),
            route: ROUTE.to_owned(),
        }),
    };
    let answer = gateway.store.run(command).await;
    answer.map_err(|error| ApiError::of_run(error, |refusal| refused(&refusal)))?;
    let made = find(gateway, caller, &asked.operation).await?;
    made.ok_or_else(|| ErrorCode::Internal.into())
}

fn refused(refusal: &CreateRefusal) -> ApiError {
    match refusal {
        CreateRefusal::CallerNotActive => ErrorCode::ApiKeyInvalid.into(),
        CreateRefusal::KeyReused => ErrorCode::OperationReused.into(),
        // It has no legs that could be wrong, and one that bears a fee is not the merchant's own.
        CreateRefusal::Split(_)
        | CreateRefusal::Destinations(_)
        | CreateRefusal::FeeAboveLegs(_) => ErrorCode::Internal.into(),
    }
}

/// The answer of `generate_custom_qr_code`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomQrCode {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// Always 200.
    #[schema(example = 200)]
    code: u16,
    /// The picture of the code: a PNG in base64.
    #[schema(example = "iVBORw0KGgo...")]
    qr_code: String,
    /// The operation, as sent.
    #[schema(example = "7c0e2f5e-6a0f-4c06-9f0b-2f8f3f3f9a10")]
    operation_uuid: String,
}
