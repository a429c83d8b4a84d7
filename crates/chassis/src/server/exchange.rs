//! What is told of each request: a log line, a metric and, where it is sampled, a span, whatever became of it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::extract::MatchedPath;
use http::{HeaderMap, Request, StatusCode, Version};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::telemetry::{KnownLine, RequestLabels, RequestLine, ServerSpan, Telemetry, known_method};
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

/// A request whose answer is awaited. It is told of when this is dropped, so that one that is cut, or whose client went
/// away, has its line too, without a status.
#[derive(Debug)]
pub(super) struct Exchange {
    observer: Arc<Observer>,
    told: Told,
}

impl Exchange {
    pub(super) fn begin<B>(observer: Arc<Observer>, request: &Request<B>, begun: Instant) -> Self {
        observer.active.inc();
        let head = Head {
            method: known_method(request.method().as_str()).unwrap_or("other"),
            version: request.version(),
            headers: request.headers(),
        };
        let told = Told::of(&observer, &head, begun);
        Self { observer, told }
    }

    pub(super) fn id(&self) -> &RequestId {
        &self.told.id
    }

    pub(super) fn context(&self) -> TraceContext {
        self.told.context
    }

    pub(super) fn matched(&mut self, route: Option<MatchedPath>) {
        if let Some(route) = route {
            self.told.route = Route::Matched(route);
        }
    }

    pub(super) fn answered(mut self, status: StatusCode) {
        self.told.status = Some(status);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.observer.active.dec();
        self.told.tell(&self.observer, Instant::now());
    }
}

/// What is told of a request.
#[derive(Debug)]
pub(super) struct Told {
    method: &'static str,
    id: RequestId,
    context: TraceContext,
    /// What its span needs, where it is sampled.
    sampled: Option<Box<Sampled>>,
    begun: Instant,
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

/// What a request says of itself before its answer is known.
struct Head<'a> {
    method: &'static str,
    version: Version,
    headers: &'a HeaderMap,
}

impl Told {
    fn of(observer: &Observer, head: &Head<'_>, begun: Instant) -> Self {
        let Head { method, headers, .. } = *head;
        let parent = TraceContext::of(headers);
        let context = TraceContext::following(parent.as_ref());
        let mut told = Self {
            method,
            id: RequestId::of(headers, parent.as_ref(), &context),
            context,
            sampled: None,
            begun,
            route: Route::Unmatched,
            status: None,
        };
        told.sample(observer, parent, head);
        told
    }

    /// Tells of a `GET` by HTTP/1.1 that the fast path answers at once. `headers` are at least those that tell whose request
    /// it is. Returns its id, and when it was answered.
    pub(super) fn fast(
        observer: &Observer,
        headers: &HeaderMap,
        begun: Instant,
        route: usize,
        status: StatusCode,
    ) -> (RequestId, Instant) {
        let mut told = Self::of(observer, &Head { method: "GET", version: Version::HTTP_11, headers }, begun);
        told.route = Route::Fast(route);
        told.status = Some(status);
        let now = Instant::now();
        told.tell(observer, now);
        (told.id, now)
    }

    /// Without a collector the caller's decision is passed on as it came.
    fn sample(&mut self, observer: &Observer, parent: Option<TraceContext>, head: &Head<'_>) {
        let Some(traces) = observer.telemetry.traces() else { return };
        let sampled = traces.samples(parent.as_ref(), &self.context);
        self.context = self.context.with_sampled(sampled);
        self.sampled = sampled.then(|| {
            // Read only beside a valid parent, as the standard asks.
            let state = parent.and_then(|_| TraceState::of(head.headers));
            Box::new(Sampled { parent, state, version: head.version, start: SystemTime::now() })
        });
    }

    fn tell(&self, observer: &Observer, now: Instant) {
        let duration = now.saturating_duration_since(self.begun);
        self.observe(observer, duration);
        self.log(observer, duration, now);
        self.record(observer, duration);
    }

    fn route<'a>(&'a self, observer: &'a Observer) -> &'a str {
        match &self.route {
            Route::Unmatched => UNMATCHED,
            Route::Matched(path) => path.as_str(),
            Route::Fast(index) => observer.fast.get(*index).map_or(UNMATCHED, |series| series.route),
        }
    }

    /// The series that was known beforehand, where this request is one of it.
    fn series<'a>(&self, observer: &'a Observer) -> Option<&'a Series> {
        match (&self.route, self.status) {
            (Route::Fast(index), Some(StatusCode::OK)) => observer.fast.get(*index),
            _ => None,
        }
    }

    fn observe(&self, observer: &Observer, duration: Duration) {
        let seconds = duration.as_secs_f64();
        if let Some(series) = self.series(observer) {
            series.durations.observe(seconds);
            return;
        }
        let labels = RequestLabels {
            listener: observer.listener,
            http_request_method: self.method,
            http_route: self.route(observer).into(),
            http_response_status_code: self.status.map_or(0, |status| status.as_u16()),
        };
        observer.telemetry.metrics().requests(&labels).observe(seconds);
    }

    fn log(&self, observer: &Observer, duration: Duration, now: Instant) {
        let telemetry = &observer.telemetry;
        if !telemetry.logs_requests() {
            return;
        }
        let own = RequestLine { duration, request_id: &self.id, context: &self.context };
        match self.series(observer) {
            Some(series) => telemetry.log_request(&series.line, &own, now),
            None => {
                let status = self.status.map(|status| status.as_u16());
                let line = KnownLine::new(observer.listener, self.method, self.route(observer), status);
                telemetry.log_request(&line, &own, now);
            }
        }
    }

    fn record(&self, observer: &Observer, duration: Duration) {
        let (Some(sampled), Some(traces)) = (&self.sampled, observer.telemetry.traces()) else { return };
        let route = match self.route {
            Route::Unmatched => None,
            Route::Matched(_) | Route::Fast(_) => Some(self.route(observer)),
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
}
