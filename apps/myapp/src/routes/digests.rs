//! `GET /digests`: state and digests of this replica.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use crate::replica::{Dependency, Digests};
use crate::routes::context::Context;
use crate::routes::http::response::{json_line, json_response};

pub(crate) async fn digests(State(context): State<Arc<Context>>) -> Response {
    json_line(&of(&context))
}

pub(crate) fn responses() -> Value {
    json_response::<Digests>("State and digests of this replica")
}

/// Returns the digests of this replica now.
pub(crate) fn of(context: &Context) -> Digests {
    Digests {
        ready: context.health.is_ready(),
        stopping: context.health.is_draining(),
        dependencies: context.readiness.report().into_iter().map(Dependency::from).collect(),
        ..Digests::of_configuration(&context.live.status(), &context.live.snapshot())
    }
}
