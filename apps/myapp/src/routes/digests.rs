//! `GET /digests`: state and digests of this replica.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chassis::readiness::{DependencyReport, State as Known};
use fleet::{Dependency, Digests};
use serde_json::Value;

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
        dependencies: context.readiness.report().into_iter().map(dependency).collect(),
        ..Digests::of_configuration(&context.live.status(), &context.live.snapshot())
    }
}

fn dependency(report: DependencyReport) -> Dependency {
    Dependency {
        name: report.name.into(),
        shared: report.shared,
        up: match report.state {
            Known::Unknown => None,
            Known::Up => Some(true),
            Known::Down => Some(false),
        },
        reason: report.reason.map(str::to_owned),
        code: report.code,
        blocks_readiness: report.blocks_readiness,
        age_ms: report.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
    }
}
