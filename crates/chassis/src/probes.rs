//! Routes for the orchestrator's probes. They read memory only and reveal no details.

use axum::Router;
use axum::body::Bytes;
use axum::routing::{MethodRouter, get};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::health::Health;
use crate::response::StaticResponse;

/// Bodies for 200 and for 503.
const LIVE: [&str; 2] = ["{\"status\":\"live\"}\n", "{\"status\":\"not live\"}\n"];
const READY: [&str; 2] = ["{\"status\":\"ready\"}\n", "{\"status\":\"not ready\"}\n"];
const STARTED: [&str; 2] = ["{\"status\":\"started\"}\n", "{\"status\":\"not started\"}\n"];

static HEADERS: [(HeaderName, HeaderValue); 1] =
    [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];

/// Routes `GET /livez`, `/readyz` and `/startupz`, each with 200 or 503.
pub fn router(health: Health) -> Router {
    Router::new()
        .route("/livez", livez(health.clone()))
        .route("/readyz", readyz(health.clone()))
        .route("/startupz", startupz(health))
}

/// Liveness route, for a listener with its own table of routes.
pub fn livez<S: Clone + Send + Sync + 'static>(health: Health) -> MethodRouter<S> {
    get(async move || response(health.is_live(), LIVE))
}

/// Start-up route, for a listener with its own table of routes.
pub fn startupz<S: Clone + Send + Sync + 'static>(health: Health) -> MethodRouter<S> {
    get(async move || response(health.is_started(), STARTED))
}

/// Readiness route, for a listener with other routes beside it.
pub fn readyz<S: Clone + Send + Sync + 'static>(health: Health) -> MethodRouter<S> {
    get(async move || readyz_response(health.is_ready()))
}

/// Response of the readiness route, also for a fast path, or for a process that asks another one.
#[must_use]
pub fn readyz_response(is_ready: bool) -> StaticResponse {
    response(is_ready, READY)
}

fn response(is_positive: bool, [positive, negative]: [&'static str; 2]) -> StaticResponse {
    let (status, body) =
        if is_positive { (StatusCode::OK, positive) } else { (StatusCode::SERVICE_UNAVAILABLE, negative) };
    StaticResponse { status, headers: &HEADERS, body: Bytes::from_static(body.as_bytes()) }
}
