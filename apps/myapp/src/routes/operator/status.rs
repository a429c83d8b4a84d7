//! The state of this replica in full.

use std::sync::Arc;

use axum::extract;
use axum::response::Response;
use fleet::{Digests, unix_seconds};
use live_config::Watching;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::routes::context::Context;
use crate::routes::digests;
use crate::routes::http::response::{json_line, json_response};

/// This replica in full.
#[derive(JsonSchema, Serialize)]
struct Status {
    #[serde(flatten)]
    digests: Digests,
    /// When the generation in force came into force, in seconds since 1970.
    in_force_since: u64,
    /// Detection of changes: `events`, or `polling` or `nothing` with the reason.
    watching: String,
    /// Each setting that has a value: its kind of source, never the value.
    origins: std::collections::BTreeMap<String, &'static str>,
}

pub(super) async fn status(extract::State(context): extract::State<Arc<Context>>) -> Response {
    let status = context.live.status();
    let snapshot = context.live.snapshot();
    json_line(&Status {
        digests: digests::of(&context),
        in_force_since: unix_seconds(status.in_force_since),
        watching: match status.watching {
            Watching::Events => "events".into(),
            Watching::Polling(reason) => format!("polling: {reason}"),
            Watching::Nothing(reason) => format!("nothing: {reason}"),
        },
        origins: snapshot.values.iter().map(|(key, value)| (key.clone(), value.origin.kind())).collect(),
    })
}

pub(super) fn responses() -> Value {
    json_response::<Status>("This replica in full")
}
