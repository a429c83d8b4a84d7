//! Circuit breaker: routes that need a dependency are rejected at once while it is known to be down, so that it can recover.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::handle::DependencyHandle;

/// Middleware for routes that need a dependency: rejects as [`DependencyHandle::guard`] does, before a body is read.
///
/// ```
/// # use axum::{Router, middleware::from_fn_with_state, routing::{get, post}};
/// # use chassis::readiness::{DependencyHandle, requires};
/// # fn routes(database: DependencyHandle) -> Router {
/// Router::new()
///     .route("/history", get(async || "from the database"))
///     .route_layer(from_fn_with_state(database, requires))
///     .route("/time", get(async || "from memory"))
/// # }
/// ```
pub async fn requires(State(dependency): State<DependencyHandle>, request: Request, next: Next) -> Response {
    match dependency.guard() {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}
