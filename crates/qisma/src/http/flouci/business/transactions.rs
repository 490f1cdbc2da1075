//! `GET /api/business/custom_transaction/status` and `.../history`: what became of payments by QR code
//! (Flouci API, section 5, which names the history and does not show it).

use std::sync::Arc;

use axum::extract::State;
use qisma_domain::ids::{AppId, PaymentId};
use qisma_domain::payment::Payment;
use qisma_domain::time::Timestamp;
use qisma_store::OperationsBefore;
use serde::Serialize;
use url::form_urlencoded::Serializer;
use utoipa::ToSchema;

use super::dates;
use super::generate_custom_qr_code::must_be_own;
use super::operation::{self, QrTransaction};
use crate::gateway::Gateway;
use crate::http::api_key::KeyHolder;
use crate::http::body::{Answer, Members};
use crate::http::caller::CallingApp;
use crate::http::error::{ApiError, ErrorBody, ErrorCode};
use crate::http::flouci::v2::fields::Fields;
use crate::http::flouci::v2::verify_payment::expire;
use crate::http::query::Query;
use crate::http::rate_limit::RateLimit;

const HISTORY: &str = "api/business/custom_transaction/history";
/// Rows of a page when the request does not say.
const LIMIT_DEFAULT: i64 = 50;
/// The longest page.
const LIMIT_MAX: i64 = 100;

/// Ask what became of a payment by QR code.
#[utoipa::path(
    get,
    path = "/api/business/custom_transaction/status",
    operation_id = "custom_transaction_status",
    tag = "Flouci API",
    params(("operation_uuid" = String, Query, pattern = "^[A-Za-z0-9._-]{1,64}$",
        description = "What the merchant called it")),
    responses(
        (status = 200, description = "The payment", body = OperationStatus),
        (status = 400, description = "The request has mistakes", body = ErrorBody),
        (status = 401, description = "Not an API key of an active merchant", body = ErrorBody),
        (status = 404, description = "No such operation of this merchant in this mode",
            body = ErrorBody),
        (status = 429, description = "Asked too often; Retry-After says when to come back",
            body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy: ask again", body = ErrorBody),
    ),
    security(("api_key" = [])),
)]
pub async fn status(
    State(gateway): State<Gateway>,
    State(limit): State<Arc<RateLimit<AppId>>>,
    KeyHolder(caller): KeyHolder,
    Query(query): Query,
) -> Result<Answer<OperationStatus>, ApiError> {
    limit.take(caller.app, gateway.now())?;
    let mut fields = Fields::new(&query);
    let operation = operation::required(&mut fields);
    let operation = operation.ok_or_else(|| ApiError::of_mistakes(fields.into_mistakes()))?;
    let mut payment = find(&gateway, &caller, operation.clone()).await?;
    if payment.state.awaits_payer() && !payment.is_payable(gateway.now()) {
        expire(&gateway, &payment).await?;
        payment = find(&gateway, &caller, operation).await?;
    }
    let operation = QrTransaction::of(&gateway, &payment);
    Ok(Answer(OperationStatus { success: true, code: 200, operation }))
}

async fn find(
    gateway: &Gateway,
    caller: &CallingApp,
    operation: String,
) -> Result<Payment, ApiError> {
    let scope = operation::scope(caller, &operation);
    let read = gateway.store.read(move |reader| reader.payment_of_operation(&scope, &operation));
    read.await?.ok_or_else(|| ErrorCode::TransactionNotFound.into())
}

/// List payments by QR code, from the newest.
///
/// `next` is the link to the page after this one; it is null on the last.
#[utoipa::path(
    get,
    path = "/api/business/custom_transaction/history",
    operation_id = "custom_transaction_history",
    tag = "Flouci API",
    params(
        ("merchant_id" = Option<String>, Query, pattern = "^(0|[1-9][0-9]{0,17})?$",
            description = "The merchant of the API key, and no other"),
        ("start_date" = Option<String>, Query,
            description = "From when on: a day of Tunisia, or a moment (ISO 8601)"),
        ("end_date" = Option<String>, Query,
            description = "Until when, that day or second included"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100,
            description = "Rows of a page; 50 when it is left out"),
        ("before" = Option<String>, Query, description = "Where a page begins; `next` has it"),
    ),
    responses(
        (status = 200, description = "A page of them", body = OperationHistory),
        (status = 400, description = "The request has mistakes", body = ErrorBody),
        (status = 401, description = "Not an API key of an active merchant", body = ErrorBody),
        (status = 404, description = "Another merchant than the key's", body = ErrorBody),
        (status = 429, description = "Asked too often; Retry-After says when to come back",
            body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy: ask again", body = ErrorBody),
    ),
    security(("api_key" = [])),
)]
pub async fn history(
    State(gateway): State<Gateway>,
    State(limit): State<Arc<RateLimit<AppId>>>,
    KeyHolder(caller): KeyHolder,
    Query(query): Query,
) -> Result<Answer<OperationHistory>, ApiError> {
    limit.take(caller.app, gateway.now())?;
    let page = Page::asked(&caller, &query)?;
    let (whose, since, before) = ((caller.merchant, caller.mode), page.since, page.before);
    // One more than is shown tells whether there is a next page.
    let count_max = page.limit + 1;
    let read =
        move |reader: &qisma_store::Reader<'_>| reader.operations(whose, since, &before, count_max);
    let mut found = gateway.store.read(read).await?;
    let shown = usize::try_from(page.limit).expect("a page has at most a hundred rows");
    let has_more = shown < found.len();
    found.truncate(shown);
    let last = found.last().filter(|_| has_more);
    let next = last.map(|last| page.next(&gateway, last, &query));
    let results = found.iter().map(|payment| QrTransaction::of(&gateway, payment)).collect();
    Ok(Answer(OperationHistory { success: true, code: 200, results, next }))
}

/// Which page is asked for.
struct Page {
    since: Timestamp,
    before: OperationsBefore,
    limit: i64,
}

impl Page {
    fn asked(caller: &CallingApp, query: &Members) -> Result<Self, ApiError> {
        let mut fields = Fields::new(query);
        let named = fields.is_present("merchant_id");
        let merchant = if named { fields.required_merchant("merchant_id") } else { None };
        let since = fields.parsed("start_date", dates::start).unwrap_or_default();
        let end = fields.parsed("end_date", dates::after_end).unwrap_or(Timestamp::MAX);
        let limit = fields.whole_number("limit", 1..=LIMIT_MAX, LIMIT_DEFAULT);
        let before = fields.parsed("before", parse_before);
        let mistakes = fields.into_mistakes();
        let Some(limit) = limit.filter(|_| mistakes.is_empty()) else {
            return Err(ApiError::of_mistakes(mistakes));
        };
        merchant.map_or(Ok(()), |merchant| must_be_own(caller, merchant))?;
        let from_end = OperationsBefore { created_at: end, id: PaymentId::from_bytes([0; 16]) };
        let before = before.filter(|before| before.created_at < end).unwrap_or(from_end);
        Ok(Self { since, before, limit })
    }

    /// The same request for what comes after this row.
    fn next(&self, gateway: &Gateway, last: &Payment, query: &Members) -> String {
        let mut next = Serializer::new(String::new());
        for name in ["merchant_id", "start_date", "end_date"] {
            if let Some(value) = query.text(name) {
                next.append_pair(name, value);
            }
        }
        next.append_pair("limit", &self.limit.to_string());
        next.append_pair("before", &format!("{}.{}", last.created_at.micros(), last.id));
        format!("{}{HISTORY}?{}", gateway.public_url, next.finish())
    }
}

fn parse_before(text: &str) -> Result<OperationsBefore, &'static str> {
    let parsed = text.split_once('.').and_then(|(micros, id)| {
        let created_at = Timestamp::from_micros(micros.parse().ok()?);
        Some(OperationsBefore { created_at, id: PaymentId::parse(id).ok()? })
    });
    parsed.ok_or("must be what the `next` of a page says")
}

/// The answer of `custom_transaction/status`.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationStatus {
    /// Always true for an operation that exists, whatever became of it.
    #[schema(example = true)]
    success: bool,
    /// Always 200.
    #[schema(example = 200)]
    code: u16,
    /// The payment.
    #[serde(flatten)]
    operation: QrTransaction,
}

/// The answer of `custom_transaction/history`.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationHistory {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// Always 200.
    #[schema(example = 200)]
    code: u16,
    /// The payments of this page.
    results: Vec<QrTransaction>,
    /// The link to the next page; null on the last.
    #[schema(required = true)]
    next: Option<String>,
}
