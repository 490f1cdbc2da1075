//! The query of a request, read like a body: each name stands once, and nothing is guessed.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::body::Members;
use super::error::{ApiError, Mistake};

/// A request's query. Every value is a text.
#[derive(Debug)]
pub struct Query(pub Members);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let pairs = pairs.map(|(name, value)| (name.into_owned(), value.into_owned()));
        let pairs: Vec<_> = pairs.collect();
        let refused = |message: &str| ApiError::of_mistakes(vec![Mistake::new("query", message)]);
        if pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(refused("contains the NUL character; remove it"));
        }
        let members = Members::of_texts(pairs);
        members.map(Self).ok_or_else(|| refused("has a parameter twice; send each once"))
    }
}
