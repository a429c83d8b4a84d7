//! The OpenAPI documents. Each is built from the same table as its listener's router.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::routes::context::InForce;
use crate::routes::http::response::json_line;
use crate::routes::http::route::Route;
use crate::routes::http::same_site;

/// The requests that every route of a listener refuses, in addition to the route's own errors.
#[derive(Clone, Copy)]
pub(crate) enum Guard {
    None,
    /// See [`same_site::same_site`].
    SameSite,
}

/// Adds a route to the table that serves its OpenAPI document. `server` returns the base path of the routes.
pub(crate) fn described(
    mut routes: Vec<Route>,
    guard: Guard,
    server: impl Fn(&InForce) -> &str + Clone + Send + Sync + 'static,
) -> Vec<Route> {
    let path = "/openapi.json";
    let own = |handler| Route::of_get(path, handler).about("This description").answers(responses());
    let mut paths = paths(&routes, guard);
    paths.extend(self::paths(&[own(axum::routing::any(|| async {}))], guard));
    let handler = axum::routing::get(async move |in_force: InForce| {
        json_line(&json!({
            "openapi": "3.1.0",
            "info": {
                "title": "myapp",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Besides the answers below, any request may meet a limit of the listener: \
                    408, 413, 414, 431 or 503, each with a problem document.",
            },
            "servers": [{ "url": server(&in_force) }],
            "paths": paths,
            "components": { "schemas": { "Problem": problem_schema() } },
        }))
    });
    routes.push(own(handler));
    routes
}

fn paths(routes: &[Route], guard: Guard) -> Map<String, Value> {
    let mut paths = Map::new();
    for route in routes {
        let operations = paths.entry(route.path).or_insert_with(|| json!({}));
        operations[route.method] = operation(route, guard);
    }
    paths
}

fn operation(route: &Route, guard: Guard) -> Value {
    let mut parameters = route.parameters.clone();
    let mut responses = route.responses.clone();
    let guarded: &[u16] = match guard {
        Guard::None => &[],
        Guard::SameSite => &[403, 421],
    };
    for status in route.problems.iter().chain(guarded) {
        responses[status.to_string()] = problem(*status);
    }
    if matches!(guard, Guard::SameSite) && route.method == "post" {
        parameters.push(same_site::parameter());
    }
    let mut operation = json!({ "summary": route.summary, "responses": responses });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = &route.body {
        operation["requestBody"] = body.clone();
    }
    operation
}

fn responses() -> Value {
    json!({ "200": {
        "description": "An OpenAPI 3.1 document",
        "content": { "application/json": { "schema": { "type": "object" } } },
    } })
}

fn problem(status: u16) -> Value {
    let phrase = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    json!({
        "description": phrase.unwrap_or_default(),
        "content": { "application/problem+json": { "schema": schema } },
    })
}

/// Returns the schema of the chassis's problem documents.
fn problem_schema() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status"],
        "properties": {
            "type": text("A URI for the kind of problem"),
            "title": text("The same for all problems of that kind"),
            "status": { "type": "integer" },
            "detail": text("What to change"),
            "request_id": text("Under which the log tells of the request"),
        },
    })
}

/// Describes a response that contains one word.
pub(crate) fn yes(description: &str, word: &str) -> Value {
    json!({ "200": status(description, word) })
}

/// Describes a response that contains one word, and a 503 for the opposite.
pub(crate) fn yes_or_no(description: &str, word: &str) -> Value {
    json!({ "200": status(description, word), "503": status("Not so", &format!("not {word}")) })
}

fn status(description: &str, word: &str) -> Value {
    let schema = json!({
        "type": "object", "required": ["status"], "properties": { "status": { "const": word } },
    });
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}
