//! The event stream of configuration changes: keys and reasons, never a value. With a cache it covers all replicas; the event
//! `scope` names the replicas covered.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as Frame, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream::{self, Stream, StreamExt as _};
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::cache::Cache;
use crate::feed::{Happening, Lagged, Reader};
use crate::routes::context::Context;
use crate::routes::http::response::unavailable;

/// Interval of comments: short enough for proxies, and for a reader that checks whether this replica is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Time for which a client waits before it reconnects.
const RETRY: Duration = Duration::from_secs(2);

pub(super) async fn events(State(context): State<Arc<Context>>, headers: HeaderMap) -> Response {
    let Ok(reader) = context.feed.read() else { return unavailable() };
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    let frames = frames(reader, last.filter(|id| !id.is_empty()));
    let scopes = scopes(context.cache.as_ref().map(Cache::hears_all));
    answer(both(frames, scopes), context.health.drain_requested())
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
        "description": "Events `committed`, `rejected`, `pending`, `rolled_back`, `restored`, `unknown`, each with its `replica`; `scope` tells \
            whether they are those of `all` replicas or of this one (`own`); `reset` where some were missed before this answer, \
            `lagged` where some were missed during it, which ends it",
        "content": { "text/event-stream": { "schema": { "type": "string" } } },
    } })
}

/// Sends `frames` until `closing` resolves, with a comment after each idle interval.
fn answer(
    frames: impl Stream<Item = Frame> + Send + 'static,
    closing: impl Future<Output = ()> + Send + 'static,
) -> Response {
    let frames = frames.take_until(closing).map(Ok::<_, Infallible>);
    Sse::new(frames).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
}

/// Returns the frames for `reader`, beginning after the event of the id `last`.
fn frames(mut reader: Reader, last: Option<&str>) -> impl Stream<Item = Frame> + Send + use<> {
    let resumed = last.map(|id| id.parse().and_then(|mark| reader.resume(mark)));
    let first = Frame::default().id(reader.mark().to_string()).retry(RETRY);
    let first = match resumed {
        Some(Err(Lagged)) => first.event("reset").data("{}"),
        // A frame without data is no event, but gives the client an id for its reconnect.
        Some(Ok(())) | None => first,
    };
    let rest = stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        match reader.next().await {
            Ok(happening) => Some((frame(&happening), Some(reader))),
            // The client reconnects with the id before the gap, and receives `reset`.
            Err(Lagged) => Some((Frame::default().event("lagged").data("{}"), None)),
        }
    });
    stream::iter([first]).chain(rest)
}

/// Merges both streams, until `frames` end.
fn both(
    frames: impl Stream<Item = Frame> + Send + 'static,
    scopes: impl Stream<Item = Frame> + Send + 'static,
) -> impl Stream<Item = Frame> + Send + 'static {
    let frames = frames.map(Some).chain(stream::iter([None]));
    stream::select(frames, scopes.map(Some)).take_while(|frame| ready(frame.is_some())).filter_map(ready)
}

fn frame(happening: &Happening) -> Frame {
    let told = &happening.told;
    let mut data = told.data.clone();
    data.insert("replica".into(), told.replica.clone().into());
    data.insert("at".into(), humantime::format_rfc3339_millis(told.at).to_string().into());
    Frame::default().id(happening.mark.to_string()).event(told.event).data(Value::Object(data).to_string())
}

/// Returns the `scope` frames: the current scope, then each change. `hears_all` is `None` without a cache.
fn scopes(hears_all: Option<watch::Receiver<bool>>) -> impl Stream<Item = Frame> + Send + use<> {
    let scope = |all: bool| {
        let data = json!({ "replicas": if all { "all" } else { "own" } });
        Frame::default().event("scope").data(data.to_string())
    };
    let first = hears_all.as_ref().is_some_and(|hears_all| *hears_all.borrow());
    let changes = stream::unfold(hears_all.map(|hears_all| (hears_all, first)), move |state| async move {
        let (mut hears_all, before) = state?;
        let now = *hears_all.wait_for(|now| *now != before).await.ok()?;
        Some((scope(now), Some((hears_all, now))))
    });
    stream::iter([scope(first)]).chain(changes).chain(stream::pending())
}

#[cfg(test)]
mod tests;
