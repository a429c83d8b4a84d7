//! Answers that several routes share.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Value, json};

/// That the process answers.
#[derive(JsonSchema, Serialize)]
pub(super) struct Status {
    status: &'static str,
}

pub(super) async fn healthz() -> Response {
    json_line(&Status { status: "ok" })
}

/// A JSON document with a newline at its end, so that a terminal's prompt begins on a line of its own.
pub(super) fn json_line(document: &impl Serialize) -> Response {
    match serde_json::to_string(document) {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text + "\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "answer could not be written as JSON");
            chassis::Problem::new(http::StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
    }
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
