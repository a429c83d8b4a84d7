//! Answers that several routes share.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Value, json};

/// Seconds after which it is worth to ask again.
const RETRY_SECONDS: &str = "5";

pub(super) async fn healthz() -> Response {
    healthz_bytes().map(Body::from)
}

pub(super) fn healthz_bytes() -> http::Response<Bytes> {
    json_answer(Bytes::from_static(b"{\"status\":\"ok\"}\n"))
}

/// A JSON document with a newline at its end, so that a terminal's prompt begins on a line of its own.
pub(super) fn json_line(document: &impl Serialize) -> Response {
    match json_bytes(document) {
        Some(bytes) => json_answer(bytes).map(Body::from),
        None => chassis::Problem::new(http::StatusCode::INTERNAL_SERVER_ERROR).into_response(),
    }
}

/// The bytes of such a document; none, and a line in the log, where it cannot be written as JSON.
pub(super) fn json_bytes(document: &impl Serialize) -> Option<Bytes> {
    match serde_json::to_string(document) {
        Ok(text) => Some((text + "\n").into()),
        Err(error) => {
            tracing::error!(%error, "answer could not be written as JSON");
            None
        }
    }
}

/// What needs the database cannot be done now, and may well be soon.
pub(super) fn unavailable() -> Response {
    let mut response = chassis::Problem::new(http::StatusCode::SERVICE_UNAVAILABLE).into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    response
}

pub(super) fn json_answer(bytes: Bytes) -> http::Response<Bytes> {
    let mut response = http::Response::new(bytes);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An OpenAPI responses object for one JSON answer with the schema of `T`.
pub(super) fn json_response<T: JsonSchema>(description: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let schema = generator.for_serialize().into_generator().into_root_schema_for::<T>();
    json!({ "200": { "description": description, "content": { "application/json": { "schema": schema } } } })
}
