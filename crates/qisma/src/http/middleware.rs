//! What happens around every request: its id, its log line, its metrics, the headers of its answer,
//! and a panic that ends it alone.

use std::fmt::{self, Write};
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;

use super::checkout::{Tongue, problem_of};
use super::client::ClientAddress;
use super::drain;
use super::error::{ApiError, ErrorCode};
use crate::gateway::Gateway;
use crate::pages::Problem;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Two years, as browsers' preload lists ask for; one is the least.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// The id of one request, told to the caller in a header and written in the log.
#[derive(Clone, Debug)]
pub struct RequestId(String);

impl RequestId {
    /// Draws an id. One that a caller sends is not used: it could forge our log.
    fn draw(gateway: &Gateway) -> Self {
        let mut bytes = [0; 12];
        gateway.with_rng(|rng| rng.fill_bytes(&mut bytes));
        let mut id = "req_".to_owned();
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(id, "{byte:02x}");
        }
        Self(id)
    }

    /// The id's characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Absent only if a route was added outside of the middleware below.
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::new(ErrorCode::Internal))
    }
}

/// A method of the same name in small letters, which no route has: methods are case-sensitive
/// (RFC 9110, section 9.1).
const UNROUTED_HEAD: &[u8] = b"head";

/// The router would answer HEAD like GET. Nobody needs it, and it doubles what must be thought
/// about, so it gets the 405 of every other method.
pub fn unroute_head(mut request: Request) -> Request {
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::from_bytes(UNROUTED_HEAD).expect("letters are a method");
    }
    request
}

/// Takes HEAD out of `Allow`: the router lists it beside every GET.
pub fn forget_head(mut response: Response) -> Response {
    let allow = response.headers().get(ALLOW).and_then(|value| value.to_str().ok());
    let methods = allow.map(|allow| allow.split(',').filter(|method| *method != "HEAD"));
    let allow = methods.map(|methods| methods.collect::<Vec<_>>().join(", "));
    if let Some(allow) = allow.and_then(|allow| HeaderValue::from_str(&allow).ok()) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

/// Surrounds a request.
pub async fn around(State(gateway): State<Gateway>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::draw(&gateway);
    // The template and never the path: the id in a payer's link is a secret of the payer.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", request_id = %id, method = %request.method(), route);
    request.extensions_mut().insert(id.clone());
    let (mut parts, body) = request.into_parts();
    let client = ClientAddress::of_parts(&parts, &gateway.config.http.trusted_proxies);
    parts.extensions.insert(client);
    let request = Request::from_parts(parts, body);
    async move {
        let tone = Tone::of(&request);
        let (request, leftover) = drain::keep(request);
        let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        // The panic hook has logged the place.
        let mut response =
            answered.unwrap_or_else(|_| tone.refuse(ErrorCode::Internal, Problem::Internal));
        drain::drop_rest(leftover).await;
        dress(&gateway, &id, &mut response);
        report(route, response.status(), started);
        response
    }
    .instrument(span)
    .await
}

/// Sets the headers that every answer has.
fn dress(gateway: &Gateway, id: &RequestId, response: &mut Response) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if gateway.config.http.tls.is_some() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    }
}

fn report(route: String, status: StatusCode, started: Instant) {
    let took = started.elapsed();
    let class = match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(status = status.as_u16(), duration_ms, "request answered");
    metrics::histogram!("qisma_http_request_seconds", "route" => route.clone()).record(took);
    metrics::counter!("qisma_http_requests_total", "route" => route, "status" => class)
        .increment(1);
}

/// Answers a path that does not exist.
pub async fn not_found(request: Request) -> Response {
    Tone::of(&request).refuse(ErrorCode::RouteNotFound, Problem::NotFound)
}

/// Answers a method that the path does not have. `X-HTTP-Method-Override` is not looked at.
pub async fn method_not_allowed(request: Request) -> Response {
    Tone::of(&request).refuse(ErrorCode::MethodNotAllowed, Problem::MethodNotAllowed)
}

/// How a request is spoken to when nothing else says so: programs in JSON, people in their language.
enum Tone {
    Program,
    Person(Tongue),
}

impl Tone {
    fn of(request: &Request) -> Self {
        let path = request.uri().path();
        if path == "/health" || path == "/api" || path.starts_with("/api/") {
            return Self::Program;
        }
        Self::Person(Tongue::of(request))
    }

    fn refuse(&self, code: ErrorCode, problem: Problem) -> Response {
        match self {
            Self::Program => ApiError::new(code).into_response(),
            Self::Person(tongue) => problem_of(problem, *tongue, None),
        }
    }
}
