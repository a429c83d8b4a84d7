//! What this replica runs, in a form that any other may compare.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::response::Response;
use live_config::{Snapshot, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{json_line, json_response};
use super::context::Context;
use crate::settings::Settings;

/// State and digests of one replica; nothing a stranger could use.
#[derive(Deserialize, JsonSchema, Serialize)]
pub(crate) struct Digests {
    /// One word for people, the worst that holds.
    pub(crate) state: String,
    /// What became of the last configuration that was found.
    pub(crate) apply: String,
    /// Why it is not in force; empty if it is.
    pub(crate) reasons: Vec<String>,
    /// Whether it is tried again without having changed: true exactly where that can help.
    pub(crate) retrying: bool,
    /// Since when `apply` holds, in seconds since 1970.
    pub(crate) since: u64,
    /// How what is mounted stands to what the release rendered.
    pub(crate) release: String,
    /// Keys held by the environment.
    pub(crate) pinned: Vec<String>,
    /// Counts the configurations this process has run with.
    pub(crate) generation: u64,
    /// The seal that the release published.
    pub(crate) rendered: Option<String>,
    /// The same sum over what is mounted.
    pub(crate) mounted: String,
    /// The sum that the configuration in force was read with.
    pub(crate) running: String,
}

pub(super) async fn digests(State(context): State<Arc<Context>>) -> Response {
    json_line(&Digests::of(&context))
}

pub(super) fn responses() -> Value {
    json_response::<Digests>("State and digests of this replica")
}

impl Digests {
    pub(super) fn of(context: &Context) -> Self {
        Self::from(&context.live.status(), &context.live.snapshot())
    }

    fn from(status: &Status, snapshot: &Snapshot<Settings>) -> Self {
        Self {
            state: status.word().into(),
            apply: status.apply.as_str().into(),
            reasons: status.apply.reasons().to_vec(),
            retrying: status.apply.retrying(),
            since: unix_seconds(status.apply_since),
            release: status.release().as_str().into(),
            pinned: status.pinned.clone(),
            generation: status.generation,
            rendered: status.found.rendered.clone(),
            mounted: status.found.mounted.clone(),
            running: snapshot.sums.mounted.clone(),
        }
    }
}

/// Seconds since 1970; 0 for a clock that stands before.
pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
