//! Routes for the orchestrator's probes. They read memory only and tell a stranger nothing.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::Health;

/// `GET /livez`, `/readyz` and `/startupz`; 503 when the answer is no.
pub fn router(health: Health) -> Router {
    let live = health.clone();
    let started = health.clone();
    Router::new()
        .route("/livez", get(async move || answer(live.is_live(), "live")))
        .route("/readyz", readyz(health))
        .route("/startupz", get(async move || answer(started.is_started(), "started")))
}

/// Readiness alone, for a listener where it shall sit beside other routes.
pub fn readyz<S: Clone + Send + Sync + 'static>(health: Health) -> MethodRouter<S> {
    get(async move || answer(health.is_ready(), "ready"))
}

fn answer(yes: bool, word: &str) -> Response {
    let (status, not) = if yes { (StatusCode::OK, "") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ") };
    let body = format!("{{\"status\":\"{not}{word}\"}}\n");
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
