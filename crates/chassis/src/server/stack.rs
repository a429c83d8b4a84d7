//! What happens to every request between the connection and the app's routes: the one place where the order is seen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use http_body_util::Limited;
use tracing::Instrument;

use super::counters::Counters;
use super::panics::caught;
use super::reasons::Refused;
use crate::problem::{Problem, explain};
use crate::request_id::{self, RequestId};

/// What the stack needs to know of its listener.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) listener: &'static str,
    pub(super) handler_time: Duration,
    pub(super) body_bytes: u32,
    pub(super) counters: Arc<Counters>,
}

/// Puts the stack around every route of `router`, and around its answers to unknown paths and methods.
pub(super) fn wrap(router: Router, settings: Settings) -> Router {
    router.layer(DefaultBodyLimit::disable()).layer(from_fn_with_state(Arc::new(settings), handle))
}

/// From the outside in: request id, request event, problem documents, panics, time, body size, route.
async fn handle(State(settings): State<Arc<Settings>>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let event = RequestEvent::new(&settings, &request, id.clone());
    let span = tracing::info_span!("request", request_id = %id);

    let answer = caught(in_time(&settings, request, next)).instrument(span);
    let response =
        answer.await.unwrap_or_else(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response());

    // Also the one of a route that found out while it read.
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        settings.counters.request_refused(Refused::BodyTooLarge);
    }
    let mut response = explain(response, &id).await;
    if let Some(value) = id.header_value() {
        response.headers_mut().insert(request_id::HEADER, value);
    }
    event.answered(&mut response);
    response
}

async fn in_time(settings: &Settings, request: Request, next: Next) -> Response {
    let answer = bounded(settings.body_bytes, request, next);
    match tokio::time::timeout(settings.handler_time, answer).await {
        Ok(response) => response,
        Err(_) => {
            settings.counters.request_refused(Refused::HandlerTimeout);
            Problem::new(StatusCode::SERVICE_UNAVAILABLE).into_response()
        }
    }
}

/// A body that announces too much is refused unread; one that turns out too long fails while it is read.
async fn bounded(limit: u32, request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > u64::from(limit) {
        let detail = format!("the body may have {limit} bytes at most");
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE).detail(detail).into_response();
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    next.run(request.map(|body| Body::new(Limited::new(body, limit)))).await
}

/// The one log line of a request, written when it is dropped: a request that is cut, or whose client went away, has its
/// line too, without a status.
struct RequestEvent {
    id: RequestId,
    listener: &'static str,
    method: &'static str,
    route: Option<MatchedPath>,
    begun: Instant,
    status: Option<StatusCode>,
}

impl RequestEvent {
    fn new(settings: &Settings, request: &Request, id: RequestId) -> Self {
        Self {
            id,
            listener: settings.listener,
            method: known(request.method()),
            route: request.extensions().get::<MatchedPath>().cloned(),
            begun: Instant::now(),
            status: None,
        }
    }

    /// An app that routes behind a service of its own tells the route in an extension of the answer.
    fn answered(mut self, response: &mut Response) {
        self.status = Some(response.status());
        if let Some(told) = response.extensions_mut().remove() {
            self.route = Some(told);
        }
    }
}

impl Drop for RequestEvent {
    fn drop(&mut self) {
        tracing::info!(
            listener = self.listener,
            method = self.method,
            route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str),
            status = self.status.map(|status| status.as_u16()),
            duration_ms = self.begun.elapsed().as_secs_f64() * 1000.0,
            request_id = self.id.as_str(),
            "{}",
            if self.status.is_some() { "request" } else { "request cancelled" }
        );
    }
}

/// A closed set, since a client can make up methods without end.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}
