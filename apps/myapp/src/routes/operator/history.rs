//! The history of settings, on every replica that shares the database.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::routes::context::{Context, InForce};
use crate::routes::http::pagination::{Listing, PageRequest, parameter, parameters, rfc3339, span};
use crate::routes::http::response::json_response;
use crate::store::{HistoryFilter, HistoryRow, Outcome};

pub(super) const PATH: &str = "/api/v1/history";

/// Pattern of a setting's name; a former version may have had other names than this one.
const KEY: &str = "^[A-Z][A-Z0-9_]{0,63}$";

/// Outcome of one setting's change.
#[derive(JsonSchema, Serialize)]
struct Item {
    /// Grows with each item.
    id: i64,
    /// When, by the replica's clock, in UTC.
    at: String,
    /// The replica that saw it.
    replica: String,
    /// The generation that was in force there afterwards.
    generation: i64,
    /// committed, rejected or rolled_back.
    outcome: String,
    /// The setting; absent where the reason is about none in particular.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Its value before. Of a secret 12 hex digits, equal for equal values on all replicas; or `mark-` and 12 hex digits,
    /// equal for equal values on this replica until it restarts: of SECRET_KEY, and of every secret while SECRET_KEY can be
    /// guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<String>,
    /// Its value afterwards, in the same form.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<String>,
    /// Reason, if the change is not in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) async fn history(
    State(context): State<Arc<Context>>,
    in_force: InForce,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = PageRequest::of(PATH, query.as_deref(), &in_force, |query| {
        let key = query.filter("key", key);
        let outcome = query.filter("outcome", outcome);
        let [since, until] = span(query);
        HistoryFilter { key, outcome, since, until }
    });
    match asked {
        Ok(asked) => {
            let found = context.store.history(asked.filter.clone(), asked.after, asked.limit).await;
            asked.answer(found, item)
        }
        Err(problem) => problem.into_response(),
    }
}

pub(super) fn described_parameters() -> Vec<Value> {
    let outcomes = Outcome::ALL.map(Outcome::as_str);
    parameters(vec![
        parameter("key", "Of this setting", &json!({ "type": "string", "pattern": KEY })),
        parameter("outcome", "With this outcome", &json!({ "type": "string", "enum": outcomes })),
    ])
}

pub(super) fn responses() -> Value {
    json_response::<Listing<Item>>("Changes of the settings, newest first")
}

fn key(text: &str) -> Result<String, &'static str> {
    let is_inner = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_name = text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.len() <= 64
        && text.bytes().all(is_inner);
    if is_name { Ok(text.to_owned()) } else { Err("must be the name of a setting, as in LOG_LEVEL") }
}

fn outcome(text: &str) -> Result<Outcome, &'static str> {
    Outcome::of(text).ok_or("must be committed, rejected or rolled_back")
}

fn item(row: HistoryRow) -> Item {
    let HistoryRow { id, at_ms, replica, generation, outcome, key, old, new, reason } = row;
    let key = Some(key).filter(|key| !key.is_empty());
    Item { id, at: rfc3339(at_ms), replica, generation, outcome, key, old, new, reason }
}
