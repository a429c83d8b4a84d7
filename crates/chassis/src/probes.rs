//! Routes for the orchestrator's probes. They read memory only and tell a stranger nothing.

use axum::Router;
use axum::body::Bytes;
use axum::routing::{MethodRouter, get};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::{Health, MemoryAnswer};

/// Bodies of yes and no.
const LIVE: [&str; 2] = ["{\"status\":\"live\"}\n", "{\"status\":\"not live\"}\n"];
const READY: [&str; 2] = ["{\"status\":\"ready\"}\n", "{\"status\":\"not ready\"}\n"];
const STARTED: [&str; 2] = ["{\"status\":\"started\"}\n", "{\"status\":\"not started\"}\n"];

static HEADERS: [(HeaderName, HeaderValue); 1] =
    [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];

/// `GET /livez`, `/readyz` and `/startupz`; 503 when the answer is no.
pub fn router(health: Health) -> Router {
    Router::new()
        .route("/livez", livez(health.clone()))
        .route("/readyz", readyz(health.clone()))
        .route("/startupz", startupz(health))
}

/// Liveness alone, for a listener with a table of routes of its own.
pub fn livez<S: Clone + Send + Sync + 'static>(health: Health) -> MethodRouter<S> {
    get(async move || answer(health.is_live(), LIVE))
}

/// Start-up alone, for the same.
pub fn startupz<S: Clone + Send + Sync + 'static>(health: Health) -> MethodRouter<S> {
    get(async move || answer(health.is_started(), STARTED))
}

/// Readiness alone, for a listener where it shall sit beside other routes.
pub fn readyz<S: Clone + Send + Sync + 'static>(health: Health) -> MethodRouter<S> {
    get(async move || ready_answer(&health))
}

/// The same answer for a [`FastPath`](crate::FastPath).
#[must_use]
pub fn ready_answer(health: &Health) -> MemoryAnswer {
    answer(health.is_ready(), READY)
}

fn answer(yes: bool, [positive, negative]: [&'static str; 2]) -> MemoryAnswer {
    let (status, body) =
        if yes { (StatusCode::OK, positive) } else { (StatusCode::SERVICE_UNAVAILABLE, negative) };
    MemoryAnswer { status, headers: &HEADERS, body: Bytes::from_static(body.as_bytes()) }
}
