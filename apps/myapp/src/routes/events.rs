//! What happens to the configuration of this replica, told as it happens: keys and reasons, never a value.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::State;
use axum::response::sse::{Event as Frame, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream::{self, Stream, StreamExt as _};
use http::HeaderMap;
use live_config::{Event, Unknown};
use serde_json::{Value, json};

use super::answer::unavailable;
use super::context::Context;
use crate::live::feed::{Happening, Lagged, Reader};

/// Often enough for proxies and for a reader that wants to know whether this replica is there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a client waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);

pub(super) async fn events(State(context): State<Arc<Context>>, headers: HeaderMap) -> Response {
    let Ok(reader) = context.feed.read() else { return unavailable() };
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    answer(frames(reader, last.filter(|id| !id.is_empty())), context.health.closing())
}

pub(super) fn parameters() -> Vec<Value> {
    vec![json!({
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The id told last: what happened since is told first, or `reset` where that is not known",
        "schema": { "type": "string" },
    })]
}

pub(super) fn responses() -> Value {
    json!({ "200": {
        "description": "Events `committed`, `rejected`, `rolled_back`, `restored`, `unknown`; `reset` where some were missed \
            before this answer, `lagged` where some were missed during it, which ends it",
        "content": { "text/event-stream": { "schema": { "type": "string" } } },
    } })
}

/// Tells `frames` until `closing` resolves, with a comment where there has been none for a while.
fn answer(
    frames: impl Stream<Item = Frame> + Send + 'static,
    closing: impl Future<Output = ()> + Send + 'static,
) -> Response {
    let frames = frames.take_until(closing).map(Ok::<_, Infallible>);
    Sse::new(frames).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
}

/// All that `reader` is told, after the event of the id `last`.
fn frames(mut reader: Reader, last: Option<&str>) -> impl Stream<Item = Frame> + Send + use<> {
    let resumed = last.map(|id| id.parse().and_then(|mark| reader.resume(mark)));
    let first = Frame::default().id(reader.mark().to_string()).retry(RETRY);
    let first = match resumed {
        Some(Err(Lagged)) => first.event("reset").data("{}"),
        // Without data it is no event, but the client has an id to come back with.
        Some(Ok(())) | None => first,
    };
    let rest = stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        match reader.next().await {
            Ok(happening) => Some((frame(&happening), Some(reader))),
            // The client comes back with the id before the gap, and is told to start afresh.
            Err(Lagged) => Some((Frame::default().event("lagged").data("{}"), None)),
        }
    });
    stream::iter([first]).chain(rest)
}

fn frame(happening: &Happening) -> Frame {
    let (name, mut data) = match &happening.event {
        Event::Committed { generation, changes } => {
            ("committed", json!({ "generation": generation, "keys": changes.keys().collect::<Vec<_>>() }))
        }
        Event::Rejected { reasons, retrying } => {
            ("rejected", json!({ "reasons": reasons, "retrying": retrying }))
        }
        Event::RolledBack { generation, reason, retrying } => {
            ("rolled_back", json!({ "generation": generation, "reason": reason, "retrying": retrying }))
        }
        Event::Unknown(files) => {
            let file = |file: &Unknown| json!({ "name": file.name, "suggestion": file.suggestion });
            ("unknown", json!({ "files": files.iter().map(file).collect::<Vec<_>>() }))
        }
        Event::Restored => ("restored", json!({})),
    };
    data["at"] = at(happening.at).into();
    Frame::default().id(happening.mark.to_string()).event(name).data(data.to_string())
}

fn at(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

#[cfg(test)]
mod tests;
