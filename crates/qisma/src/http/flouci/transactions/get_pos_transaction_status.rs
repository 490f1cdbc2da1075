//! `GET /api/transactions/get_pos_transaction_status`: what became of payments at a terminal (Flouci
//! API, section 5).

use std::sync::Arc;

use axum::extract::State;
use futures_util::future::join_all;
use qisma_domain::ids::{AppId, PaymentId};
use qisma_domain::payment::{Payment, PaymentState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::gateway::Gateway;
use crate::http::body::{Answer, Members};
use crate::http::caller::CallingApp;
use crate::http::error::{ApiError, ErrorBody, ErrorCode};
use crate::http::flouci::v2::fields::Fields;
use crate::http::query::Query;
use crate::http::rate_limit::RateLimit;
use crate::payer::outcome::look_for_payer;

/// Rows of an answer, from the newest.
const ROWS_MAX: i64 = 100;
/// How long the answer waits for the bank. It goes on looking when that is over.
const LOOK_SECS_MAX: i64 = 3;
/// Transactions that are read at the bank for one answer, from the newest.
const LOOKS_MAX: usize = 10;
/// The number of a terminal's only attempt: no second one is ever started.
const ATTEMPT: u16 = 1;

/// Ask what became of payments at a terminal.
///
/// By the caller's own reference, which may name several, or by the transaction's id.
#[utoipa::path(
    get,
    path = "/api/transactions/get_pos_transaction_status",
    operation_id = "get_pos_transaction_status",
    tag = "Flouci API",
    params(
        ("developer_tracking_id" = Option<String>, Query,
            description = "The caller's own reference; this or the other, not both"),
        ("flouci_transaction_id" = Option<String>, Query, description = "The transaction's id"),
    ),
    responses(
        (status = 200, description = "The transactions, from the newest; at most 100",
            body = PosTransactions),
        (status = 400, description = "The request has mistakes", body = ErrorBody),
        (status = 401, description = "The credentials are not those of an active app",
            body = ErrorBody),
        (status = 404, description = "No such transaction of this merchant in this mode",
            body = ErrorBody),
        (status = 429, description = "Asked too often; Retry-After says when to come back",
            body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy: ask again", body = ErrorBody),
    ),
    security(("app_keys" = [])),
)]
pub async fn read(
    State(gateway): State<Gateway>,
    State(limit): State<Arc<RateLimit<AppId>>>,
    caller: CallingApp,
    Query(query): Query,
) -> Result<Answer<PosTransactions>, ApiError> {
    limit.take(caller.app, gateway.now())?;
    let wanted = Wanted::of(&query)?;
    let mut found = find(&gateway, &caller, wanted.clone()).await?;
    if found.is_empty() {
        return Err(ErrorCode::TransactionNotFound.into());
    }
    let open = found.iter().filter(|payment| !payment.state.is_terminal());
    let looks: Vec<_> = open.take(LOOKS_MAX).map(|payment| look(&gateway, payment.id)).collect();
    if !looks.is_empty() {
        join_all(looks).await;
        found = find(&gateway, &caller, wanted).await?;
    }
    let transactions = found.iter().map(PosTransaction::of).collect();
    Ok(Answer(PosTransactions { success: true, transactions, status_code: 200 }))
}

/// Which transactions are asked for.
#[derive(Clone)]
enum Wanted {
    Called(String),
    /// What is no id names nothing.
    One(Option<PaymentId>),
}

impl Wanted {
    fn of(query: &Members) -> Result<Self, ApiError> {
        let mut fields = Fields::new(query);
        let name = fields.parsed("developer_tracking_id", |text| Ok(text.to_owned()));
        let one = fields.parsed("flouci_transaction_id", |text| Ok(id_of(text)));
        match (name, one) {
            (Some(name), None) => Ok(Self::Called(name)),
            (None, Some(one)) => Ok(Self::One(one)),
            (None, None) => {
                fields.refuse("developer_tracking_id", "is required, or flouci_transaction_id");
                Err(ApiError::of_mistakes(fields.into_mistakes()))
            }
            (Some(_), Some(_)) => {
                fields.refuse("flouci_transaction_id", "must be left out beside the other one");
                Err(ApiError::of_mistakes(fields.into_mistakes()))
            }
        }
    }
}

/// A transaction's id is its payment's, written as a UUID.
pub(super) fn transaction_id(payment: &PaymentId) -> String {
    uuid::Uuid::from_bytes(*payment.as_bytes()).to_string()
}

/// Reads a transaction's id.
fn id_of(text: &str) -> Option<PaymentId> {
    let id = uuid::Uuid::try_parse(text).ok()?;
    Some(PaymentId::from_bytes(id.into_bytes()))
}

async fn find(
    gateway: &Gateway,
    caller: &CallingApp,
    wanted: Wanted,
) -> Result<Vec<Payment>, ApiError> {
    let (merchant, mode) = (caller.merchant, caller.mode);
    let read = gateway.store.read(move |reader| match wanted {
        Wanted::Called(name) => reader.pos_payments((merchant, mode), &name, ROWS_MAX),
        Wanted::One(None) => Ok(vec![]),
        Wanted::One(Some(id)) => {
            let found = reader.payment_of_merchant(merchant, mode, &id)?;
            let at_terminal = |payment: &Payment| payment.channel.terminal().is_some();
            Ok(found.map(|found| found.payment).filter(at_terminal).into_iter().collect())
        }
    });
    Ok(read.await?)
}

/// Reads a transaction at the bank, so that whoever waits at the till sees the end at once. That no
/// answer came in time, or none that could be kept, is no error: the worker looks again.
async fn look(gateway: &Gateway, payment: PaymentId) {
    let until = gateway.now().plus_secs(LOOK_SECS_MAX);
    let looking = tokio::spawn({
        let gateway = gateway.clone();
        async move { look_for_payer(&gateway, payment, ATTEMPT).await }
    });
    tokio::select! {
        looked = looking => {
            if let Ok(Err(error)) = looked {
                tracing::warn!(%payment, %error, "a look at the bank came to nothing");
            }
        }
        () = gateway.clock.sleep_until(until) => {}
    }
}

/// The answer of `get_pos_transaction_status`.
#[derive(Debug, Serialize, ToSchema)]
pub struct PosTransactions {
    /// Always true where there is one.
    #[schema(example = true)]
    success: bool,
    /// The transactions, from the newest.
    transactions: Vec<PosTransaction>,
    /// Always 200.
    #[schema(example = 200)]
    status_code: u16,
}

/// A payment at a terminal.
#[derive(Debug, Serialize, ToSchema)]
pub struct PosTransaction {
    /// The caller's own reference, as sent.
    #[schema(required = true)]
    developer_tracking_id: Option<String>,
    /// `P` waiting, `PS` paid, `PF` declined or called off, `PE` not paid in time.
    #[schema(example = "PS")]
    payment_status: &'static str,
    /// Its id.
    #[schema(example = "16f3ca28-7a9f-4082-8a7c-1aa1123f0ce3")]
    transaction_id: String,
}

impl PosTransaction {
    fn of(payment: &Payment) -> Self {
        Self {
            developer_tracking_id: payment.developer_tracking_id.clone(),
            payment_status: status_of(&payment.state),
            transaction_id: transaction_id(&payment.id),
        }
    }
}

const fn status_of(state: &PaymentState) -> &'static str {
    match state {
        PaymentState::Created
        | PaymentState::Processing
        | PaymentState::RequiresAction
        | PaymentState::Authorized => "P",
        PaymentState::Captured { .. } => "PS",
        PaymentState::Failed { .. } | PaymentState::Canceled { .. } => "PF",
        PaymentState::Expired { .. } => "PE",
    }
}
