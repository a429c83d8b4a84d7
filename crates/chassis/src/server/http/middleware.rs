//! Middleware around every route, in one place so that its order is visible.

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

use super::panics::catch;
use crate::problem::{Problem, to_problem_response};
use crate::server::record::counters::Counters;
use crate::server::record::reasons::RejectReason;
use crate::server::record::request::{InFlightRequest, RequestRecorder};

/// Settings of the middleware for one listener.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) recorder: Arc<RequestRecorder>,
    pub(crate) handler_time: Duration,
    pub(crate) body_bytes: u32,
    pub(crate) counters: Arc<Counters>,
}

/// Wraps every route of `router`, and its responses to unknown paths and methods.
pub(crate) fn wrap(router: Router, settings: Settings) -> Router {
    router.layer(DefaultBodyLimit::disable()).layer(from_fn_with_state(Arc::new(settings), handle))
}

/// Order from the outside in: request id and telemetry, problem documents, panics, time, body size, route.
async fn handle(State(settings): State<Arc<Settings>>, mut request: Request, next: Next) -> Response {
    let recorder = Arc::clone(&settings.recorder);
    let mut in_flight = InFlightRequest::begin(recorder, &request, Instant::now());
    in_flight.set_route(request.extensions().get().cloned());
    let id = in_flight.id().clone();
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(in_flight.context());
    let span = tracing::info_span!("request", request_id = %id);
    let is_options = request.method() == Method::OPTIONS;
    let is_for_server = is_options && request.uri().path() == "*";

    let routed = catch(within_time(&settings, request, next)).instrument(span);
    let mut response =
        routed.await.unwrap_or_else(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response());
    // RFC 9110, 9.3.7. A route that answers `OPTIONS` by itself has another status; axum adds `Allow` on the way out.
    let is_known = is_options && response.status() == StatusCode::METHOD_NOT_ALLOWED;
    if is_known || is_for_server && response.status() == StatusCode::NOT_FOUND {
        response = StatusCode::NO_CONTENT.into_response();
    }

    // Also the response of a route that exceeded the limit while it read.
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        settings.counters.request_rejected(RejectReason::BodyTooLarge);
    }
    let mut response = to_problem_response(response, &id).await;
    id.insert_into(response.headers_mut());
    // An app that routes behind a service of its own reports the route in an extension of the response.
    in_flight.set_route(response.extensions_mut().remove::<MatchedPath>());
    in_flight.finish(response.status());
    response
}

/// Responds with 503 if the handler exceeds its time.
async fn within_time(settings: &Settings, request: Request, next: Next) -> Response {
    let response = within_size(settings.body_bytes, request, next);
    match tokio::time::timeout(settings.handler_time, response).await {
        Ok(response) => response,
        Err(_) => {
            settings.counters.request_rejected(RejectReason::HandlerTimeout);
            Problem::new(StatusCode::SERVICE_UNAVAILABLE).into_response()
        }
    }
}

/// Rejects a body whose announced length exceeds the limit, unread. A body without a length fails while it is read.
async fn within_size(limit: u32, request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > u64::from(limit) {
        let detail = format!("the body may have {limit} bytes at most");
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE).detail(detail).into_response();
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    next.run(request.map(|body| Body::new(Limited::new(body, limit)))).await
}
