//! `GET /digests`: state and digests of this replica.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::answer::{json_line, json_response};
use super::context::Context;
use crate::replica::{Dependency, Digests};

pub(super) async fn digests(State(context): State<Arc<Context>>) -> Response {
    json_line(&of(&context))
}

pub(super) fn responses() -> Value {
    json_response::<Digests>("State and digests of this replica")
}

/// Returns the digests of this replica now.
pub(super) fn of(context: &Context) -> Digests {
    Digests {
        ready: context.health.is_ready(),
        stopping: context.health.is_draining(),
        dependencies: context.readiness.report().into_iter().map(Dependency::from).collect(),
        ..Digests::of_configuration(&context.live.status(), &context.live.snapshot())
    }
}
