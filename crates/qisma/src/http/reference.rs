//! `GET /docs` and `GET /openapi.json`: the API's documentation, served by the binary itself and made
//! from its own handlers, so that it is never that of another version.

use std::sync::LazyLock;

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::error::ErrorCode;
use super::openapi;
use crate::pages::{
    Answer, ErrorRow, Member, Operation, Parameter, REFERENCE_POLICY, Reference, Schema, reference,
};

static DOCUMENT: LazyLock<String> = LazyLock::new(openapi::document);
static PAGE: LazyLock<String> = LazyLock::new(|| reference(&read_document(&DOCUMENT)));

/// The documentation as a page.
pub async fn page() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, REFERENCE_POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, PAGE.as_str()).into_response()
}

/// The documentation for programs.
pub async fn document() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

fn read_document(text: &str) -> Reference {
    let document: Value = serde_json::from_str(text).expect("it was made from our own types");
    let info = &document["info"];
    let errors = ErrorCode::ALL.iter().map(|code| ErrorRow {
        code: code.as_str(),
        status: code.status().as_u16(),
        message: code.message(),
    });
    Reference {
        title: text_of(&info["title"]),
        version: text_of(&info["version"]),
        description: text_of(&info["description"]),
        operations: operations(&document["paths"]),
        schemas: schemas(&document["components"]["schemas"]),
        errors: errors.collect(),
    }
}

fn operations(paths: &Value) -> Vec<Operation> {
    let methods = members_of(paths).flat_map(|(path, methods)| {
        members_of(methods).map(move |(method, operation)| (path, method, operation))
    });
    methods.map(|(path, method, operation)| operation_of(path, method, operation)).collect()
}

fn operation_of(path: &str, method: &str, operation: &Value) -> Operation {
    let description = text_of(&operation["description"]);
    let answers = members_of(&operation["responses"]).map(|(status, answer)| Answer {
        status: status.to_owned(),
        description: text_of(&answer["description"]),
        body: object_in(answer),
    });
    Operation {
        id: text_of(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text_of(&operation["summary"]),
        description: description
            .split("\n\n")
            .map(one_line)
            .filter(|one| !one.is_empty())
            .collect(),
        parameters: list_of(&operation["parameters"]).map(parameter_of).collect(),
        body: object_in(&operation["requestBody"]),
        answers: answers.collect(),
    }
}

fn parameter_of(parameter: &Value) -> Parameter {
    Parameter {
        name: text_of(&parameter["name"]),
        place: text_of(&parameter["in"]),
        kind: kind_of(&parameter["schema"]),
        description: one_line(&text_of(&parameter["description"])),
        required: parameter["required"].as_bool().unwrap_or(false),
    }
}

fn schemas(all: &Value) -> Vec<Schema> {
    let schema = |(name, schema): (&str, &Value)| Schema {
        name: name.to_owned(),
        description: one_line(&text_of(&schema["description"])),
        members: parts_of(schema).flat_map(members_of_schema).collect(),
    };
    members_of(all).map(schema).collect()
}

/// An object, and the objects that are written into it.
fn parts_of(schema: &Value) -> impl Iterator<Item = &Value> {
    std::iter::once(schema).chain(list_of(&schema["allOf"]))
}

fn members_of_schema(schema: &Value) -> Vec<Member> {
    let required: Vec<&str> = list_of(&schema["required"]).filter_map(Value::as_str).collect();
    let member = |(name, member): (&str, &Value)| Member {
        name: name.to_owned(),
        kind: kind_of(member),
        of: reference_in(member),
        description: one_line(&text_of(&member["description"])),
        required: required.contains(&name),
    };
    members_of(&schema["properties"]).map(member).collect()
}

/// A type with its limits, in a few words.
fn kind_of(schema: &Value) -> String {
    let mut words = match &schema["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => String::new(),
    };
    for (name, said) in [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("default", "default"),
        ("maxItems", "at most"),
    ] {
        if !schema[name].is_null() {
            words = format!("{words}, {said} {}", schema[name]);
        }
    }
    words
}

/// The object that a schema is, or that its items are.
fn reference_in(schema: &Value) -> Option<String> {
    let choices = list_of(&schema["oneOf"]).chain(list_of(&schema["anyOf"]));
    let all = [schema, &schema["items"]].into_iter().chain(choices);
    let mut named = all.filter_map(|one| one["$ref"].as_str());
    named.next().and_then(|path| path.rsplit('/').next()).map(str::to_owned)
}

fn object_in(carrier: &Value) -> Option<String> {
    members_of(&carrier["content"]).find_map(|(_, content)| reference_in(&content["schema"]))
}

fn members_of(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn list_of(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
