//! Responses that several routes share.

use std::time::Duration;

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use chassis::StaticResponse;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Value, json};

/// Content type of a JSON document.
pub(crate) const JSON_TYPE: (HeaderName, HeaderValue) =
    (CONTENT_TYPE, HeaderValue::from_static("application/json"));

static JSON: [(HeaderName, HeaderValue); 1] = [JSON_TYPE];

/// Time after which a client should retry.
const RETRY_AFTER: Duration = Duration::from_secs(5);

pub(crate) async fn healthz() -> StaticResponse {
    healthz_answer()
}

pub(crate) fn healthz_answer() -> StaticResponse {
    json_answer(Bytes::from_static(b"{\"status\":\"ok\"}\n"))
}

/// Builds a response with a JSON document and a final newline, so that a terminal's prompt begins on a line of its own.
pub(crate) fn json_line(document: &impl Serialize) -> Response {
    match json_bytes(document) {
        Some(bytes) => json_answer(bytes).into_response(),
        None => chassis::Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response(),
    }
}

/// Serialises a document with a final newline; logs an error and returns `None` if it cannot be written as JSON.
pub(crate) fn json_bytes(document: &impl Serialize) -> Option<Bytes> {
    match serde_json::to_string(document) {
        Ok(text) => Some((text + "\n").into()),
        Err(error) => {
            tracing::error!(%error, "answer could not be written as JSON");
            None
        }
    }
}

/// Builds a 503 for a request whose backend is unavailable, with the time of the next attempt.
pub(crate) fn unavailable() -> Response {
    chassis::Problem::new(StatusCode::SERVICE_UNAVAILABLE).retry_after(RETRY_AFTER).into_response()
}

pub(crate) fn json_answer(body: Bytes) -> StaticResponse {
    StaticResponse { status: StatusCode::OK, headers: &JSON, body }
}

/// Builds an OpenAPI responses object for one JSON response with the schema of `T`.
pub(crate) fn json_response<T: JsonSchema>(description: &str) -> Value {
    let schema = schema_of::<T>(SchemaSettings::for_serialize);
    json!({ "200": { "description": description, "content": { "application/json": { "schema": schema } } } })
}

/// Builds an OpenAPI request body object for a JSON document with the schema of `T`.
pub(crate) fn json_body<T: JsonSchema>() -> Value {
    let schema = schema_of::<T>(SchemaSettings::for_deserialize);
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

/// Builds the schema without references to other places, in the dialect of OpenAPI 3.1.
fn schema_of<T: JsonSchema>(direction: fn(SchemaSettings) -> SchemaSettings) -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    direction(settings).into_generator().into_root_schema_for::<T>()
}
