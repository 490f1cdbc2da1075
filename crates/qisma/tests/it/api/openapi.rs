//! `openapi.json` is what the handlers say, and says all of what the router has.

use std::collections::BTreeSet;

use qisma::http::error::ErrorCode;
use qisma::http::lost_answer::ROUTES;
use qisma::http::openapi::document;
use reqwest::Method;
use serde_json::Value;

use crate::test_app::{Reply, TestApp};

const ROUTER: &str = include_str!("../../../src/http/router.rs");
const COMMITTED: &str = include_str!("../../../../../openapi.json");
const ERRORS: &str = include_str!("../../../../../docs/errors.md");

/// Method, path, and what is said of it.
pub fn operations() -> Vec<(Method, String, Value)> {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            operations.push((method, path.clone(), operation.clone()));
        }
    }
    operations
}

#[test]
fn the_committed_document_is_fresh() {
    assert!(
        COMMITTED == document(),
        "openapi.json is stale; write it anew with cargo xtask openapi"
    );
}

#[test]
fn every_operation_has_an_id_of_its_own() {
    let ids: BTreeSet<_> =
        operations().iter().map(|(_, _, it)| it["operationId"].to_string()).collect();
    assert_eq!(ids.len(), operations().len());
}

#[test]
fn the_document_has_the_routers_api_paths_and_no_other() {
    let routed: BTreeSet<String> = ROUTER
        .split(".route(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|path| path.starts_with("/api"))
        .map(str::to_owned)
        .collect();
    let documented: BTreeSet<String> = operations().into_iter().map(|(_, path, _)| path).collect();
    assert_eq!(routed, documented);
}

#[tokio::test]
async fn every_documented_operation_is_refused_without_keys() {
    let app = TestApp::start().await;
    for (method, path, _) in operations() {
        let path = path.replace("{payment_id}", "AAAAAAAAAAAAAAAAAAAAAA").replace("{key}", "k");
        // The oldest of them have their keys in the body.
        let request = app.request(method.clone(), &path).header("content-type", "application/json");
        let reply = Reply::of(request.body("{}")).await;
        assert_eq!(reply.status, 401, "{method} {path}");
    }
}

#[test]
fn every_answer_under_an_idempotency_key_can_be_asked_for_again() {
    let takes_key = |operation: &Value| {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        parameters.iter().any(|one| one["name"] == "Idempotency-Key")
    };
    let keyed: BTreeSet<String> = operations()
        .into_iter()
        .filter(|(_, _, operation)| takes_key(operation))
        .map(|(_, path, _)| path)
        .collect();
    assert_eq!(keyed, ROUTES.map(str::to_owned).into());
}

#[test]
fn every_error_code_is_explained_and_no_other() {
    let codes: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    let explained: BTreeSet<_> =
        ERRORS.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(codes, explained);
}

#[test]
fn every_error_code_is_explained_under_its_status() {
    for code in ErrorCode::ALL {
        let row = format!("| `{}` | {} |", code.as_str(), code.status().as_u16());
        assert!(ERRORS.contains(&row), "docs/errors.md lacks {row}");
    }
}
