//! The OpenAPI document, made from the same table that the router is made from.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::answer::json_line;
use super::context::{Context, InForce};
use super::{Route, public_routes};

pub(super) async fn document(State(context): State<Arc<Context>>, in_force: InForce) -> Response {
    let server = in_force.text("API_BASE_URL");
    json_line(&of(&public_routes(&context), server))
}

fn of(routes: &[Route], server: &str) -> Value {
    let paths: Map<String, Value> = routes
        .iter()
        .map(|route| {
            let operation = json!({ "summary": route.summary, "responses": route.responses });
            (route.path.to_owned(), json!({ "get": operation }))
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": "myapp", "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": server }],
        "paths": paths,
    })
}

pub(super) fn responses() -> Value {
    json!({ "200": {
        "description": "An OpenAPI 3.1 document",
        "content": { "application/json": { "schema": { "type": "object" } } },
    } })
}

pub(super) fn healthz_responses() -> Value {
    json!({ "200": status("The process answers", "ok") })
}

pub(super) fn readyz_responses() -> Value {
    json!({ "200": status("Traffic is welcome", "ready"), "503": status("It is not", "not ready") })
}

/// An answer whose document says one word.
fn status(description: &str, word: &str) -> Value {
    let schema = json!({
        "type": "object", "required": ["status"], "properties": { "status": { "const": word } },
    });
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}
