//! What this replica runs, in a form that any other may compare.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use live_config::ReleaseState;
use serde::{Deserialize, Serialize};

use super::answer::json_line;
use super::context::Context;

/// State and digests of one replica; nothing a stranger could use.
#[derive(Deserialize, Serialize)]
pub(crate) struct Digests {
    /// One word for people, the worst that holds.
    pub(crate) state: String,
    /// How the last change was taken.
    pub(crate) apply: String,
    /// How what was mounted stands to what the release rendered.
    pub(crate) release: String,
    /// Keys held by the environment.
    pub(crate) pinned: Vec<String>,
    /// Counts the configurations this process has run with.
    pub(crate) generation: u64,
    /// The seal that the release published.
    pub(crate) rendered: Option<String>,
    /// The same sum over what was found.
    pub(crate) mounted: String,
    /// The sum that the configuration in force was read with.
    pub(crate) running: String,
}

pub(super) async fn digests(State(context): State<Arc<Context>>) -> Response {
    json_line(&of(&context))
}

fn of(context: &Context) -> Digests {
    let sums = &context.loaded.sums;
    let release = sums.release_state();
    let pinned: Vec<String> = context.loaded.pinned().map(str::to_owned).collect();
    let state = match release {
        ReleaseState::Drifted => "drifted",
        ReleaseState::Matches | ReleaseState::Unsealed if !pinned.is_empty() => "pinned",
        ReleaseState::Matches | ReleaseState::Unsealed => "converged",
    };
    Digests {
        state: state.into(),
        apply: "converged".into(),
        release: release.as_str().into(),
        pinned,
        generation: 1,
        rendered: sums.rendered.clone(),
        mounted: sums.mounted.clone(),
        running: sums.mounted.clone(),
    }
}
