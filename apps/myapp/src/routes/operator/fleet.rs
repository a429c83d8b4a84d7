//! The states of all replicas, as each one tells of itself.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use axum::{Extension, extract};
use chassis::{Problem, TraceContext};
use fleet::{Digests, Expectation};
use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cache::Cache;
use crate::routes::context::Context;
use crate::routes::http::response::{json_line, json_response};

/// Name of the cached answer, with the version of its format.
const ANSWER_KEY: &str = "fleet:v1";
/// Time for which the other replicas use one replica's answer.
const ANSWER_LIFETIME: Duration = Duration::from_secs(1);

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
    let mut headers = HeaderMap::new();
    caller.inject(&mut headers);
    let answers = match fleet::query_all(peers, &headers).await {
        Ok(answers) => answers,
        Err(error) => {
            tracing::warn!(%error, peers, "the other replicas cannot be found");
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE).into_response();
        }
    };
    let convergence_errors = fleet::convergence_errors(&answers, Expectation::default());
    let reasons: Vec<String> = convergence_errors.iter().map(ToString::to_string).collect();
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
        let _ = cache.put(ANSWER_KEY, &text, ANSWER_LIFETIME).await;
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
    match cache.get(ANSWER_KEY).await {
        Ok(kept) => {
            let fleet = kept.and_then(|text| serde_json::from_slice(&text).ok());
            fleet.map_or(Kept::Nothing(cache), Kept::Answer)
        }
        Err(_) => Kept::Nowhere,
    }
}

pub(super) fn responses() -> Value {
    json_response::<Fleet>("All replicas, as each tells of itself")
}
