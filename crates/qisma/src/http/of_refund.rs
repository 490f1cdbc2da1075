//! What a refund's handler takes: the same as any other's, and mistakes in it are told as refunds tell them
//! (Flouci API, section 9).

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;

use super::body::JsonObject;
use super::error::ApiError;
use crate::gateway::Gateway;

/// What a refund's handler takes, so that also its errors are told as refunds tell them.
pub struct OfRefund<T>(pub T);

impl<S, T> FromRequestParts<S> for OfRefund<T>
where
    S: Send + Sync,
    T: FromRequestParts<S, Rejection = ApiError>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        T::from_request_parts(parts, state).await.map(Self).map_err(ApiError::of_refund)
    }
}

impl<S> FromRequest<S> for OfRefund<JsonObject>
where
    S: Send + Sync,
    Gateway: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        JsonObject::from_request(request, state).await.map(Self).map_err(ApiError::of_refund)
    }
}
