//! What can only be looked at: the payment's page, its state for scripts, the files of the pages.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};

use super::request::{Answer, Visit};
use super::view;
use crate::gateway::Gateway;
use crate::pages;

/// `GET /pay/{id}`: the payment as it stands.
pub async fn show(State(gateway): State<Gateway>, visit: Visit) -> Answer {
    let loaded = visit.load(&gateway).await?;
    Ok(view::current(&gateway, &loaded, visit.query("notice")))
}

/// `GET /pay/{id}/status`: the word of the payment's state, which a page compares with its own.
pub async fn status(State(gateway): State<Gateway>, visit: Visit) -> Answer {
    let loaded = visit.load(&gateway).await?;
    let body = format!(r#"{{"state":"{}"}}"#, loaded.payment().state.as_str());
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, body).into_response())
}

/// `GET /assets/{name}`: a file of the pages. Its name changes with its content.
pub async fn asset(name: Option<Path<String>>) -> Response {
    let path = name.map(|Path(name)| format!("/assets/{name}")).unwrap_or_default();
    let Some(asset) = pages::assets().iter().find(|asset| asset.path == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, asset.content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, asset.body).into_response()
}
