//! The acquirer's endpoints, `/payment/rest/<name>.do`: form posts and GET, HTTP 200 with an
//! `errorCode` whatever happens, names that are case-sensitive (BPC manual, REST API).

mod bindings;
mod change;
mod list;
mod refusal;
mod register;
mod status;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;

pub use self::refusal::action_text;
use self::refusal::{Refusal, Shape};
use crate::app::App;
use crate::books::{self, Key};
use crate::faults::{Fault, Kind};
use crate::lang::Lang;
use crate::limits;
use crate::orders::Impossible;
use crate::web::{self, Fields};

/// The endpoints there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Register,
    RegisterPreAuth,
    GetOrderStatus,
    GetOrderStatusExtended,
    Reverse,
    Refund,
    Deposit,
    Decline,
    GetLastOrders,
    GetBindings,
    PaymentOrderBinding,
    UnBindCard,
}

impl Endpoint {
    const ALL: [Self; 12] = [
        Self::Register,
        Self::RegisterPreAuth,
        Self::GetOrderStatus,
        Self::GetOrderStatusExtended,
        Self::Reverse,
        Self::Refund,
        Self::Deposit,
        Self::Decline,
        Self::GetLastOrders,
        Self::GetBindings,
        Self::PaymentOrderBinding,
        Self::UnBindCard,
    ];

    /// Its name without the `.do`, as fault switches give it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::RegisterPreAuth => "registerPreAuth",
            Self::GetOrderStatus => "getOrderStatus",
            Self::GetOrderStatusExtended => "getOrderStatusExtended",
            Self::Reverse => "reverse",
            Self::Refund => "refund",
            Self::Deposit => "deposit",
            Self::Decline => "decline",
            Self::GetLastOrders => "getLastOrdersForMerchants",
            Self::GetBindings => "getBindings",
            Self::PaymentOrderBinding => "paymentOrderBinding",
            Self::UnBindCard => "unBindCard",
        }
    }

    /// The endpoint of a name without its `.do`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.name() == name)
    }

    /// Whether it shows the status of one order.
    pub const fn is_status(self) -> bool {
        matches!(self, Self::GetOrderStatus | Self::GetOrderStatusExtended)
    }

    /// Whether it charges a saved card, or changes an order that was paid or held.
    pub const fn is_change(self) -> bool {
        matches!(self, Self::Reverse | Self::Refund | Self::Deposit | Self::PaymentOrderBinding)
    }

    /// How it spells its answers: the family is of two minds, and clients depend on it.
    const fn shape(self) -> Shape {
        match self {
            Self::GetOrderStatus => Shape::Capitalised,
            Self::GetOrderStatusExtended | Self::GetLastOrders | Self::GetBindings => Shape::Text,
            _ => Shape::Number,
        }
    }
}

/// A call that came from a merchant: proof that a login was given.
struct Call {
    endpoint: Endpoint,
    user_name: String,
    fields: Fields,
}

impl Call {
    /// Checks the login. Any is good except the password `wrong`, so that bad credentials can be tried.
    fn open(endpoint: Endpoint, fields: Fields) -> Result<Self, Refusal> {
        let user_name = fields.get("userName").ok_or(Refusal::Missing("userName"))?.to_owned();
        let password = fields.get("password").ok_or(Refusal::Missing("password"))?;
        let longest = user_name.chars().count().max(password.chars().count());
        if password == "wrong" || longest > limits::CREDENTIAL_CHARS_MAX {
            return Err(Refusal::AccessDenied);
        }
        Ok(Self { endpoint, user_name, fields })
    }

    /// The order the call names, by the acquirer's id.
    fn order_id(&self) -> Result<Key, Refusal> {
        let id = self.fields.get("orderId").ok_or(Refusal::WrongValue("orderId"))?;
        Ok(Key::OrderId(self.user_name.clone(), id.to_owned()))
    }
}

pub fn router() -> Router<Arc<App>> {
    Router::new().route("/payment/rest/{name}", get(answer).post(answer))
}

async fn answer(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(endpoint) = name.strip_suffix(".do").and_then(Endpoint::parse) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let fields = Fields::of_request(query.as_deref(), &headers, &body);
    let fault = armed(&app, endpoint, &fields).await;
    if let Some(spoiled) = spoil(&app, fault.as_ref()).await {
        return spoiled;
    }
    let value = work(&app, endpoint, fields).await;
    match fault {
        Some(fault) if fault.kind() == Kind::LostAnswer => broken_off(),
        Some(fault) => {
            app.clock.sleep_until(app.clock.now_ms() + fault.delay_ms()).await;
            web::json(StatusCode::OK, &value)
        }
        None => web::json(StatusCode::OK, &value),
    }
}

/// Does what was asked and puts the outcome, good or bad, into words.
async fn work(app: &Arc<App>, endpoint: Endpoint, fields: Fields) -> Value {
    let lang = fields.get("language").and_then(Lang::parse).unwrap_or(Lang::En);
    let done = match Call::open(endpoint, fields) {
        Err(refusal) => Err(refusal),
        Ok(call) => match endpoint {
            Endpoint::Register | Endpoint::RegisterPreAuth => register::answer(app, &call).await,
            Endpoint::GetOrderStatus => status::short(app, &call, lang).await,
            Endpoint::GetOrderStatusExtended => status::extended(app, &call, lang).await,
            Endpoint::Deposit => change::deposit(app, &call).await,
            Endpoint::Reverse => change::reverse(app, &call).await,
            Endpoint::Refund => change::refund(app, &call).await,
            Endpoint::Decline => change::decline(app, &call).await,
            Endpoint::GetLastOrders => list::answer(app, &call, lang).await,
            Endpoint::GetBindings => bindings::list(app, &call, lang).await,
            Endpoint::PaymentOrderBinding => bindings::charge(app, &call, lang).await,
            Endpoint::UnBindCard => bindings::unbind(app, &call).await,
        },
    };
    match done {
        Ok(Some(value)) => value,
        Ok(None) => refusal::success(endpoint.shape(), lang),
        Err(refusal) => refusal.answer(endpoint.shape(), lang),
    }
}

/// The fault that is meant for this call, if any.
async fn armed(app: &App, endpoint: Endpoint, fields: &Fields) -> Option<Fault> {
    let mut number = fields.get("orderNumber").map(str::to_owned);
    let order_id = fields.get("orderId").or_else(|| fields.get("mdOrder"));
    if let (None, Some(id), true) = (&number, order_id, app.faults.ask_for_number()) {
        let id = id.to_owned();
        let found = app.books.transact(move |tx| books::order_number_of(tx, &id)).await;
        number = found.ok().flatten();
    }
    app.faults.take(endpoint.name(), number.as_deref(), &Kind::TRANSPORT)
}

/// The answer of a fault that keeps the work from being done.
async fn spoil(app: &App, fault: Option<&Fault>) -> Option<Response> {
    let json = [("content-type", "application/json;charset=UTF-8")];
    Some(match fault?.kind() {
        Kind::Http500 => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
        }
        Kind::Http503 => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable").into_response(),
        Kind::Html => Html("<html><body>Maintenance</body></html>").into_response(),
        Kind::Refused => web::json(
            StatusCode::OK,
            &Refusal::from(Impossible::State).answer(Shape::Number, Lang::En),
        ),
        Kind::MalformedJson => (json, "{\"errorCode\":\"0\",\"orderId\":\"").into_response(),
        Kind::Hang => {
            // A client that leaves ends this wait, because its request is dropped.
            app.clock.sleep_until(app.clock.now_ms() + limits::HANG_MS_MAX).await;
            broken_off()
        }
        _ => return None,
    })
}

/// An answer that breaks off before its first byte of content.
fn broken_off() -> Response {
    let lost = futures_util::stream::once(async {
        Err::<Bytes, _>(io::Error::other("the answer is lost on purpose"))
    });
    Body::from_stream(lost).into_response()
}
