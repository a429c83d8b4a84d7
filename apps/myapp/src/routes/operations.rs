//! The operator's routes: the state of this replica and of all others, and the one request that changes state.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use axum::{Extension, extract};
use chassis::{Problem, TraceContext};
use http::StatusCode;
use live_config::Watching;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{json_line, json_response};
use super::context::Context;
use super::digests;
use crate::cache::Cache;
use crate::fleet;
use crate::replica::{Digests, unix_seconds};

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

pub(super) fn status_responses() -> Value {
    json_response::<Status>("This replica in full")
}

/// Name of the cached answer, with the version of its format.
const FLEET: &str = "fleet:v1";
/// Time for which the other replicas use one replica's answer.
const FRESH: Duration = Duration::from_secs(1);

/// All replicas, as each one tells of itself.
#[derive(Deserialize, JsonSchema, Serialize)]
struct Fleet {
    converged: bool,
    /// One line for each replica that keeps the fleet from being so.
    reasons: Vec<String>,
    /// One line for each replica that is not ready, with the dependency that it waits for.
    not_ready: Vec<String>,
    replicas: Vec<Replica>,
}

#[derive(Deserialize, JsonSchema, Serialize)]
struct Replica {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    digests: Option<Digests>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) async fn fleet(
    extract::State(context): extract::State<Arc<Context>>,
    Extension(caller): Extension<TraceContext>,
) -> Response {
    let Some(peers) = &context.peers else {
        let detail = "this process was not told where the other replicas are (--peers)";
        return Problem::new(StatusCode::NOT_FOUND).detail(detail).into_response();
    };
    let kept = kept(&context).await;
    if let Kept::Answer(fleet) = &kept {
        return json_line(fleet);
    }
    let answers = match fleet::ask_all(peers, Some(caller)).await {
        Ok(answers) => answers,
        Err(error) => {
            tracing::warn!(%error, peers, "the other replicas cannot be found");
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE).into_response();
        }
    };
    let complaints = fleet::complaints(&answers, None);
    let reasons: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    let not_ready = fleet::unready(&answers).iter().map(ToString::to_string).collect();
    let replica = |(address, answer): fleet::Answer| {
        let (digests, error) = match answer {
            Ok(digests) => (Some(digests), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Replica { address: address.to_string(), digests, error }
    };
    let converged = reasons.is_empty() && !answers.is_empty();
    let replicas = answers.into_iter().map(replica).collect();
    let fleet = Fleet { converged, reasons, not_ready, replicas };
    if let (Kept::Nothing(cache), Ok(text)) = (kept, serde_json::to_vec(&fleet)) {
        // A failed write only means that the next request queries the replicas.
        let _ = cache.put(FLEET, &text, FRESH).await;
    }
    json_line(&fleet)
}

/// An answer that another replica stored in the cache a moment ago.
enum Kept<'a> {
    Answer(Fleet),
    /// The cache holds no answer in the format of this version, and accepts one.
    Nothing(&'a Cache),
    /// No cache is configured, or it is unavailable: a second attempt would delay the response.
    Nowhere,
}

async fn kept(context: &Context) -> Kept<'_> {
    let Some(cache) = &context.cache else { return Kept::Nowhere };
    match cache.get(FLEET).await {
        Ok(kept) => {
            let fleet = kept.and_then(|text| serde_json::from_slice(&text).ok());
            fleet.map_or(Kept::Nothing(cache), Kept::Answer)
        }
        Err(_) => Kept::Nowhere,
    }
}

pub(super) fn fleet_responses() -> Value {
    json_response::<Fleet>("All replicas, as each tells of itself")
}

/// Reads the mounted directory now, and returns the outcome.
pub(super) async fn reload(extract::State(context): extract::State<Arc<Context>>) -> Response {
    tracing::info!(target: chassis::telemetry::LIFECYCLE, "reload asked for on the operator listener");
    match context.live.reload().await {
        Some(_) => json_line(&digests::of(&context)),
        None => Problem::new(StatusCode::SERVICE_UNAVAILABLE).into_response(),
    }
}
