//! Shapes of HTTP that every part of the sandbox uses: fields, pages, JSON, redirects.

use std::collections::BTreeMap;

use axum::http::header::{CONTENT_TYPE, HeaderName, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// No scripts, nothing from elsewhere, no frames, and forms that only come back here.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

const PAGE_HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (HeaderName::from_static("content-security-policy"), POLICY),
    (HeaderName::from_static("referrer-policy"), "same-origin"),
    (HeaderName::from_static("x-content-type-options"), "nosniff"),
    // Back must ask the bank again, and a page of a payment belongs in no cache.
    (HeaderName::from_static("cache-control"), "no-store"),
];

/// The fields of a query or of a posted form. The first of two equal names counts.
#[derive(Default)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads `name=value&...`; it cannot fail, broken escapes become replacement characters.
    pub fn parse(text: &[u8]) -> Self {
        let mut fields = Self::default();
        fields.add(text);
        fields
    }

    /// The fields of a request: those of the address and, when the body is a form, those of the body.
    pub fn of_request(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Self {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let mut fields = Self::default();
        if kind.is_none_or(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            fields.add(body);
        }
        fields.add(query.unwrap_or("").as_bytes());
        fields
    }

    /// The value of a field; an empty one counts as absent, as in the whole family.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn add(&mut self, text: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(text) {
            self.0.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
    }
}

/// Renders a page with the headers every page has.
pub fn page(status: StatusCode, template: &impl askama::Template) -> Response {
    match template.render() {
        Ok(html) => (status, PAGE_HEADERS, html).into_response(),
        Err(cause) => {
            tracing::error!(%cause, "a sandbox page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A JSON answer.
pub fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json;charset=UTF-8")], value.to_string()).into_response()
}

/// A JSON answer that says what is wrong with a request.
pub fn json_error(status: StatusCode, message: &str) -> Response {
    json(status, &serde_json::json!({ "error": message }))
}

/// Sends the browser on with a GET.
pub fn see_other(location: &str) -> Response {
    let no_store = HeaderName::from_static("cache-control");
    (StatusCode::SEE_OTHER, [(LOCATION, location), (no_store, "no-store")]).into_response()
}
