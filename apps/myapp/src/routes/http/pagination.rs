//! Paginated lists, newest first.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::response::Response;
use chassis::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::database::DatabaseError;
use crate::routes::context::InForce;
use crate::routes::http::cursor::Cursors;
use crate::routes::http::query::{Query, time};
use crate::routes::http::response::{json_line, unavailable};
use crate::store::{Page, Position};

const LIMIT: u16 = 50;
const MAX_PAGE_SIZE: u16 = 200;
/// The last second of the year 9999; RFC 3339 cannot express later times.
const LAST_SECOND: u64 = 253_402_300_799;

/// One page, and where the next begins.
#[derive(JsonSchema, Serialize)]
pub(crate) struct Listing<T> {
    /// Newest first.
    items: Vec<T>,
    /// The parameter `cursor` of the next page, together with the same filters; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The parameters of a list request with filters of type `F`.
pub(crate) struct PageRequest<F> {
    pub(crate) filter: F,
    pub(crate) after: Option<Position>,
    pub(crate) limit: u16,
    cursors: Cursors,
}

impl<F> PageRequest<F> {
    /// Reads `query` for the list at `route`; `filter` reads its filters.
    ///
    /// # Errors
    /// All errors of the query. A cursor is checked after the filters, since it is valid for the same filters only.
    pub(crate) fn of(
        route: &str,
        query: Option<&str>,
        in_force: &InForce,
        filter: impl FnOnce(&mut Query<'_>) -> F,
    ) -> Result<Self, Problem> {
        let mut query = Query::of(query);
        let filter = filter(&mut query);
        let filters = query.filters();
        let list = format!("{route}?{}", filters.as_deref().unwrap_or_default());
        let cursors = Cursors::of(&in_force.0.settings.secret_key, &list);
        let after = query
            .take("cursor", |text| match filters {
                Some(_) => cursors.read(text).map(Some).ok_or("the cursor is not valid"),
                None => Ok(None),
            })
            .flatten();
        let limit = query.take("limit", limit).unwrap_or(LIMIT);
        query.finish().map(|()| Self { filter, after, limit, cursors })
    }

    /// Builds the response from the page that the store returned.
    pub(crate) fn answer<R, T: Serialize>(
        &self,
        found: Result<Page<R>, DatabaseError>,
        item: impl Fn(R) -> T,
    ) -> Response {
        match found {
            Ok(Page { rows, next }) => json_line(&Listing {
                items: rows.into_iter().map(item).collect(),
                next: next.map(|position| self.cursors.write(position)),
            }),
            Err(error) => {
                tracing::warn!(%error, "a list cannot be read");
                unavailable()
            }
        }
    }
}

fn limit(text: &str) -> Result<u16, &'static str> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_PAGE_SIZE).contains(limit));
    limit.ok_or("must be a number from 1 to 200")
}

/// Reads the time filters of a list: the start (inclusive) and the end (exclusive).
pub(crate) fn span(query: &mut Query<'_>) -> [Option<SystemTime>; 2] {
    ["since", "until"].map(|name| query.filter(name, time))
}

/// Formats milliseconds since 1970 as RFC 3339 in UTC.
pub(crate) fn rfc3339(milliseconds: i64) -> String {
    let since = Duration::from_millis(milliseconds.try_into().unwrap_or_default());
    let known = since.min(Duration::from_secs(LAST_SECOND));
    humantime::format_rfc3339_millis(UNIX_EPOCH + known).to_string()
}

/// Returns the OpenAPI parameters of a list: its own, then the shared ones.
pub(crate) fn parameters(own: Vec<Value>) -> Vec<Value> {
    let time = || json!({ "type": "string", "format": "date-time", "pattern": "Z$" });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": LIMIT });
    let cursor = "Of the page before: its `next`, with the same filters";
    let shared = [
        parameter("since", "Not older than this time in UTC", &time()),
        parameter("until", "Older than this time in UTC", &time()),
        parameter("cursor", cursor, &json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{54}$" })),
        parameter("limit", "Items on a page", &limit),
    ];
    own.into_iter().chain(shared).collect()
}

/// Describes one query parameter for OpenAPI.
pub(crate) fn parameter(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_time_that_was_kept_has_a_form() {
        assert_eq!(rfc3339(1_769_860_800_042), "2026-01-31T12:00:00.042Z");
        assert_eq!(rfc3339(-1), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(i64::MAX), "9999-12-31T23:59:59.000Z");
    }
}
