//! How pages leave: their headers, the 303 after a form, and the pages for what went wrong.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION,
    REFERRER_POLICY, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use qisma_domain::ids::PaymentId;

use super::request::Tongue;
use crate::http::rate_limit::TooMany;
use crate::pages::{self, Problem};

/// What a page needs to be safe in a browser. No header here depends on the payment.
const PAGE_HEADERS: [(HeaderName, &str); 8] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (CACHE_CONTROL, "no-store"),
    // `no-referrer` would make browsers send `Origin: null` with our own forms.
    (REFERRER_POLICY, "same-origin"),
    (X_FRAME_OPTIONS, "DENY"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (VARY, "Accept-Language"),
];
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// An answer that ends a handler early. Boxed, because it travels as an error.
pub struct Turned(Box<Response>);

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// Ends a handler with this answer.
pub fn turned(response: Response) -> Turned {
    Turned(Box::new(response))
}

/// A page, with the payment's image allowed in its policy.
pub fn page(status: StatusCode, tongue: Tongue, image_url: Option<&str>, html: String) -> Response {
    let response = (status, PAGE_HEADERS, html).into_response();
    let mut response = with_policy(response, &pages::content_security_policy(image_url));
    response.headers_mut().insert(CONTENT_LANGUAGE, HeaderValue::from_static(tongue.locale.tag()));
    response
}

/// The page under this policy. Its only foreign parts are origins that were checked to be plain.
pub fn with_policy(mut response: Response, policy: &str) -> Response {
    if let Ok(policy) = HeaderValue::from_str(policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Sends the browser on with a GET.
pub fn see_other(location: &str) -> Response {
    let no_store = [(CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "same-origin")];
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, no_store, [(LOCATION, location)]).into_response(),
        // Links are kept in their serialised form, which is ASCII without control characters.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The page of a problem, with a way back when the payment is known.
pub fn problem_of(problem: Problem, tongue: Tongue, payment: Option<&PaymentId>) -> Response {
    let id = payment.map(ToString::to_string);
    let html = pages::problem(problem, tongue.locale, id.as_deref(), tongue.chosen);
    let mut response = page(status_of(problem), tongue, None, html);
    if problem == Problem::Unavailable {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// The page for whoever asks too often.
pub fn too_many_requests(
    too_many: TooMany,
    tongue: Tongue,
    payment: Option<&PaymentId>,
) -> Response {
    let mut response = problem_of(Problem::TooManyRequests, tongue, payment);
    let secs = HeaderValue::from(too_many.retry_after_secs);
    response.headers_mut().insert(RETRY_AFTER, secs);
    response
}

const fn status_of(problem: Problem) -> StatusCode {
    match problem {
        Problem::NotFound => StatusCode::NOT_FOUND,
        Problem::FormRefused => StatusCode::FORBIDDEN,
        Problem::BadRequest => StatusCode::BAD_REQUEST,
        Problem::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Problem::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Problem::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Problem::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
