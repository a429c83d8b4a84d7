//! The settings in force, as a document.

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use chassis::telemetry::LIFECYCLE;
use chassis::{RequestId, StaticResponse};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::routes::context::{Context, InForce};
use crate::routes::http::response::{JSON_TYPE, json_bytes, json_response, unavailable};
use crate::routes::http::same_site;
use crate::store::{Access, AccessKind, Record};

const MASK: &str = "********";

/// The settings in the document.
pub(crate) const SHOWN: [&str; 5] =
    ["API_BASE_URL", "DB_PASSWORD", "LOG_LEVEL", "MAX_CONNECTIONS", "SECRET_KEY"];

/// The document has these six keys for good; clients compare its bytes.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Document<'a> {
    api_base_url: &'a str,
    db_password: &'a str,
    log_level: &'a str,
    max_connections: &'a str,
    secret_key: &'a str,
    #[serde(rename = "message")]
    message: &'static str,
}

/// Shows secrets only if they are exposed, and only to a request from this machine: a page that found this address under a name
/// of its own (DNS rebinding), or a proxy from elsewhere, requests another host.
pub(crate) async fn public(
    State(context): State<Arc<Context>>,
    headers: HeaderMap,
    in_force: InForce,
) -> Response {
    context.store.count_anonymous();
    document(&in_force, context.expose_secrets && same_site::is_local(&headers))
}

/// Records the read before it is answered: no record, no reveal.
pub(crate) async fn operator(
    State(context): State<Arc<Context>>,
    request_id: Option<Extension<RequestId>>,
    in_force: InForce,
) -> Response {
    let access = Access {
        at: SystemTime::now(),
        listener: "operator",
        kind: AccessKind::Reveal,
        count: 1,
        request_id: request_id.map(|Extension(id)| id.as_str().to_owned()),
    };
    if let Err(error) = context.store.record_now(Record::Access(access)).await {
        tracing::warn!(%error, "secrets not revealed, since that cannot be recorded");
        return unavailable();
    }
    tracing::info!(target: LIFECYCLE, "secrets revealed on the operator listener");
    document(&in_force, true)
}

pub(crate) fn responses() -> Value {
    json_response::<Document<'_>>("The settings in force")
}

fn document(in_force: &InForce, reveal: bool) -> Response {
    match bytes(in_force, reveal) {
        Some(bytes) => answer(bytes).into_response(),
        None => chassis::Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response(),
    }
}

/// Serialises the document; see [`json_bytes`].
pub(crate) fn bytes(in_force: &InForce, reveal: bool) -> Option<Bytes> {
    let secret = |key| if reveal { in_force.text(key) } else { MASK };
    json_bytes(&Document {
        api_base_url: in_force.text("API_BASE_URL"),
        db_password: secret("DB_PASSWORD"),
        log_level: in_force.text("LOG_LEVEL"),
        max_connections: in_force.text("MAX_CONNECTIONS"),
        secret_key: secret("SECRET_KEY"),
        message: "Config and secrets accessed",
    })
}

/// Builds the response with the document; no cache on the way may store it.
pub(crate) fn answer(body: Bytes) -> StaticResponse {
    static HEADERS: [(HeaderName, HeaderValue); 2] =
        [JSON_TYPE, (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    StaticResponse { status: StatusCode::OK, headers: &HEADERS, body }
}
