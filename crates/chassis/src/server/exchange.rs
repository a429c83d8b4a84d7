//! What is told of each request: a log line, a metric and, where it is sampled, a span, whatever became of it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::extract::MatchedPath;
use http::{Method, Request, StatusCode, Version};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::telemetry::{KnownLine, RequestLabels, RequestLine, ServerSpan, Telemetry};
use crate::{RequestId, TraceContext, TraceState};

/// Route of requests that no route matched: a client can make up paths without end.
const UNMATCHED: &str = "unmatched";

/// Where the requests of one listener are told of.
#[derive(Debug)]
pub(super) struct Observer {
    listener: &'static str,
    telemetry: Telemetry,
    active: Gauge,
    /// The routes of the fast path, each with its series of `GET` answered 200.
    fast: Vec<Series>,
}

/// What is known of a request before it comes: `GET` of a route of the fast path, answered 200.
#[derive(Debug)]
struct Series {
    route: &'static str,
    durations: Histogram,
    line: KnownLine,
}

impl Observer {
    pub(super) fn new(listener: &'static str, fast_routes: &[&'static str], telemetry: Telemetry) -> Self {
        let metrics = telemetry.metrics();
        let series = |route: &'static str| {
            let labels = RequestLabels {
                listener,
                http_request_method: "GET",
                http_route: route.into(),
                http_response_status_code: StatusCode::OK.as_u16(),
            };
            let line = KnownLine::new(listener, "GET", route, Some(labels.http_response_status_code));
            Series { route, durations: metrics.requests(&labels), line }
        };
        let fast = fast_routes.iter().copied().map(series).collect();
        let active = metrics.active_requests(listener);
        Self { listener, telemetry, active, fast }
    }
}

/// One request. It is told of when this is dropped, so that a request that is cut, or whose client went away, has its
/// line too, without a status.
#[derive(Debug)]
pub(super) struct Exchange {
    observer: Arc<Observer>,
    method: &'static str,
    id: RequestId,
    context: TraceContext,
    /// What its span needs, where it is sampled.
    sampled: Option<Box<Sampled>>,
    begun: Instant,
    ended: Option<Instant>,
    route: Route,
    status: Option<StatusCode>,
}

#[derive(Debug)]
struct Sampled {
    parent: Option<TraceContext>,
    state: Option<TraceState>,
    version: Version,
    start: SystemTime,
}

#[derive(Debug)]
enum Route {
    Unmatched,
    Matched(MatchedPath),
    /// Index into the routes of the fast path.
    Fast(usize),
}

impl Exchange {
    pub(super) fn begin<B>(observer: Arc<Observer>, request: &Request<B>, begun: Instant) -> Self {
        observer.active.inc();
        let headers = request.headers();
        let parent = TraceContext::of(headers);
        let context = TraceContext::following(parent.as_ref());
        let id = RequestId::of(headers, parent.as_ref(), &context);
        let mut exchange = Self {
            observer,
            method: known(request.method()),
            id,
            context,
            sampled: None,
            begun,
            ended: None,
            route: Route::Unmatched,
            status: None,
        };
        exchange.sample(parent, request);
        exchange
    }

    /// Without a collector the caller's decision is passed on as it came.
    fn sample<B>(&mut self, parent: Option<TraceContext>, request: &Request<B>) {
        let Some(traces) = self.observer.telemetry.traces() else { return };
        let sampled = traces.samples(parent.as_ref(), &self.context);
        self.context = self.context.with_sampled(sampled);
        self.sampled = sampled.then(|| {
            // Read only beside a valid parent, as the standard asks.
            let state = parent.and_then(|_| TraceState::of(request.headers()));
            Box::new(Sampled { parent, state, version: request.version(), start: SystemTime::now() })
        });
    }

    pub(super) fn context(&self) -> TraceContext {
        self.context
    }

    pub(super) fn id(&self) -> &RequestId {
        &self.id
    }

    pub(super) fn matched(&mut self, route: Option<MatchedPath>) {
        if let Some(route) = route {
            self.route = Route::Matched(route);
        }
    }

    pub(super) fn answered(mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// The fast path has answered a `GET` of one of its routes. Returns when.
    pub(super) fn answered_fast(mut self, route: usize, status: StatusCode) -> Instant {
        let now = Instant::now();
        self.ended = Some(now);
        self.route = Route::Fast(route);
        self.status = Some(status);
        now
    }

    fn route(&self) -> &str {
        match &self.route {
            Route::Unmatched => UNMATCHED,
            Route::Matched(path) => path.as_str(),
            Route::Fast(index) => self.observer.fast.get(*index).map_or(UNMATCHED, |series| series.route),
        }
    }

    /// The series that was known beforehand, where this request is one of it.
    fn series(&self) -> Option<&Series> {
        match (&self.route, self.status) {
            (Route::Fast(index), Some(StatusCode::OK)) => self.observer.fast.get(*index),
            _ => None,
        }
    }

    fn record(&self, duration: Duration) {
        let (Some(sampled), Some(traces)) = (&self.sampled, self.observer.telemetry.traces()) else { return };
        let route = match self.route {
            Route::Unmatched => None,
            Route::Matched(_) | Route::Fast(_) => Some(self.route()),
        };
        traces.record(&ServerSpan {
            context: self.context,
            parent: sampled.parent,
            state: sampled.state.as_ref(),
            method: self.method,
            route,
            status: self.status,
            version: sampled.version,
            start: sampled.start,
            end: sampled.start + duration,
        });
    }

    fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        if let Some(series) = self.series() {
            series.durations.observe(seconds);
            return;
        }
        let labels = RequestLabels {
            listener: self.observer.listener,
            http_request_method: self.method,
            http_route: self.route().into(),
            http_response_status_code: self.status.map_or(0, |status| status.as_u16()),
        };
        self.observer.telemetry.metrics().requests(&labels).observe(seconds);
    }

    fn log(&self, duration: Duration, now: Instant) {
        let telemetry = &self.observer.telemetry;
        if !telemetry.logs_requests() {
            return;
        }
        let own = RequestLine { duration, request_id: &self.id, context: &self.context };
        match self.series() {
            Some(series) => telemetry.log_request(&series.line, &own, now),
            None => {
                let status = self.status.map(|status| status.as_u16());
                let line = KnownLine::new(self.observer.listener, self.method, self.route(), status);
                telemetry.log_request(&line, &own, now);
            }
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let now = self.ended.unwrap_or_else(Instant::now);
        let duration = now.saturating_duration_since(self.begun);
        self.observer.active.dec();
        self.observe(duration);
        self.log(duration, now);
        self.record(duration);
    }
}

/// A closed set, since a client can make up methods without end.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}
