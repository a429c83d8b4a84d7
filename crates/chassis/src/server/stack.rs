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
use super::exchange::{Exchange, Observer};
use super::panics::caught;
use super::reasons::Refused;
use crate::problem::{Problem, explain};

/// What the stack needs to know of its listener.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) observer: Arc<Observer>,
    pub(super) handler_time: Duration,
    pub(super) body_bytes: u32,
    pub(super) counters: Arc<Counters>,
}

/// Puts the stack around every route of `router`, and around its answers to unknown paths and methods.
pub(super) fn wrap(router: Router, settings: Settings) -> Router {
    router.layer(DefaultBodyLimit::disable()).layer(from_fn_with_state(Arc::new(settings), handle))
}

/// From the outside in: request id and telling, problem documents, panics, time, body size, route.
async fn handle(State(settings): State<Arc<Settings>>, mut request: Request, next: Next) -> Response {
    let observer = Arc::clone(&settings.observer);
    let mut exchange = Exchange::begin(observer, &request, Instant::now());
    exchange.matched(request.extensions().get().cloned());
    let id = exchange.id().clone();
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(exchange.context());
    let span = tracing::info_span!("request", request_id = %id);
    let asks_options = request.method() == Method::OPTIONS;
    let asks_server = asks_options && request.uri().path() == "*";

    let answer = caught(in_time(&settings, request, next)).instrument(span);
    let mut response =
        answer.await.unwrap_or_else(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response());
    // RFC 9110, 9.3.7. A route that answers `OPTIONS` by itself has another status; axum adds `Allow` on the way out.
    let is_known = asks_options && response.status() == StatusCode::METHOD_NOT_ALLOWED;
    if is_known || asks_server && response.status() == StatusCode::NOT_FOUND {
        response = StatusCode::NO_CONTENT.into_response();
    }

    // Also the one of a route that found out while it read.
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        settings.counters.request_refused(Refused::BodyTooLarge);
    }
    let mut response = explain(response, &id).await;
    id.mark(response.headers_mut());
    // An app that routes behind a service of its own tells the route in an extension of the answer.
    exchange.matched(response.extensions_mut().remove::<MatchedPath>());
    exchange.answered(response.status());
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
