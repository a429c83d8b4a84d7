//! Routes for the orchestrator's probes. They read memory only and tell a stranger nothing.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{MethodRouter, get};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

use crate::Health;

/// Bodies of yes and no.
const LIVE: [&str; 2] = ["{\"status\":\"live\"}\n", "{\"status\":\"not live\"}\n"];
const READY: [&str; 2] = ["{\"status\":\"ready\"}\n", "{\"status\":\"not ready\"}\n"];
const STARTED: [&str; 2] = ["{\"status\":\"started\"}\n", "{\"status\":\"not started\"}\n"];

/// `GET /livez`, `/readyz` and `/startupz`; 503 when the answer is no.
pub fn router(health: Health) -> Router {
    Router::new()
        .route("/livez", livez(health.clone()))
        .route("/readyz", readyz(health.clone()))
        .route("/startupz", startupz(health))
}

/// Liveness alone, for a listener with a table of routes of its own.
pub fn livez<S: Clone + Send + Sync + 'static>(health: Health) -> MethodRouter<S> {
    get(async move || answer(health.is_live(), LIVE).map(Body::from))
}

/// Start-up alone, for the same.
pub fn startupz<S: Clone + Send + Sync + 'static>(health: Health) -> MethodRouter<S> {
    get(async move || answer(health.is_started(), STARTED).map(Body::from))
}

/// Readiness alone, for a listener where it shall sit beside other routes.
pub fn readyz<S: Clone + Send + Sync + 'static>(health: Health) -> MethodRouter<S> {
    get(async move || ready_answer(&health).map(Body::from))
}

/// The same answer for a [`FastPath`](crate::FastPath).
#[must_use]
pub fn ready_answer(health: &Health) -> Response<Bytes> {
    answer(health.is_ready(), READY)
}

fn answer(yes: bool, [positive, negative]: [&'static str; 2]) -> Response<Bytes> {
    let (status, body) =
        if yes { (StatusCode::OK, positive) } else { (StatusCode::SERVICE_UNAVAILABLE, negative) };
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
