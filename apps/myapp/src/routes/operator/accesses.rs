//! The access log: reads of the settings on every replica that shares the database.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::routes::context::{Context, InForce};
use crate::routes::http::pagination::{Listing, PageRequest, parameter, parameters, rfc3339, span};
use crate::routes::http::response::json_response;
use crate::store::{AccessFilter, AccessKind, AccessRow};

pub(super) const PATH: &str = "/api/v1/accesses";

/// One look at secrets, or a minute or an hour of reads without them.
#[derive(JsonSchema, Serialize)]
struct Item {
    /// Grows with each item.
    id: i64,
    /// When, by the replica's clock, in UTC; of anonymous reads when the last of them were counted.
    at: String,
    /// The replica that was asked; `*` where the item stands for reads of several.
    replica: String,
    /// The listener that was asked.
    listener: String,
    /// reveal or anonymous.
    kind: String,
    /// Number of reads that the item stands for.
    count: i64,
    /// The request, where the item stands for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

pub(super) async fn accesses(
    State(context): State<Arc<Context>>,
    in_force: InForce,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = PageRequest::of(PATH, query.as_deref(), &in_force, |query| {
        let kind = query.filter("kind", kind);
        let [since, until] = span(query);
        AccessFilter { kind, since, until }
    });
    match asked {
        Ok(asked) => {
            let found = context.store.accesses(asked.filter.clone(), asked.after, asked.limit).await;
            asked.answer(found, item)
        }
        Err(problem) => problem.into_response(),
    }
}

pub(super) fn described_parameters() -> Vec<Value> {
    let kinds = AccessKind::ALL.map(AccessKind::as_str);
    parameters(vec![parameter("kind", "Of this kind", &json!({ "type": "string", "enum": kinds }))])
}

pub(super) fn responses() -> Value {
    json_response::<Listing<Item>>("Reads of the settings, newest first")
}

fn kind(text: &str) -> Result<AccessKind, &'static str> {
    AccessKind::of(text).ok_or("must be reveal or anonymous")
}

fn item(row: AccessRow) -> Item {
    let AccessRow { id, at_ms, replica, listener, kind, count, request_id } = row;
    Item { id, at: rfc3339(at_ms), replica, listener, kind, count, request_id }
}
