//! The one request that changes state.

use std::sync::Arc;

use axum::extract;
use axum::response::{IntoResponse, Response};
use chassis::Problem;
use http::StatusCode;

use crate::routes::context::Context;
use crate::routes::digests;
use crate::routes::http::response::json_line;

/// Reads the mounted directory now, and returns the outcome.
pub(super) async fn reload(extract::State(context): extract::State<Arc<Context>>) -> Response {
    tracing::info!(target: chassis::telemetry::LIFECYCLE, "reload asked for on the operator listener");
    match context.live.reload().await {
        Some(_) => json_line(&digests::of(&context)),
        None => Problem::new(StatusCode::SERVICE_UNAVAILABLE).into_response(),
    }
}
