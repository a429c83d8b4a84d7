//! Per-request telemetry: one log line, one metric sample and, if sampled, one span. Recorded for cancelled requests too.

use std::sync::Arc;
#[cfg(feature = "traces")]
use std::time::SystemTime;
use std::time::{Duration, Instant};

use axum::extract::MatchedPath;
use http::{HeaderMap, Request, StatusCode, Version};

use crate::request_id::RequestId;
use crate::telemetry::Telemetry;
use crate::telemetry::method::known_method;
use crate::telemetry::metrics::{ActiveRequests, RequestLabels};
use crate::telemetry::request_line::{LineTemplate, RequestLine};
#[cfg(feature = "traces")]
use crate::telemetry::traces::span::ServerSpan;
use crate::trace_context::TraceContext;
#[cfg(feature = "traces")]
use crate::trace_context::state::TraceState;

/// Route label of requests that no route matched: a client can invent any number of paths.
const UNMATCHED: &str = "unmatched";

/// Records telemetry for the requests of one listener.
#[derive(Debug)]
pub(crate) struct RequestRecorder {
    pub(crate) listener: &'static str,
    pub(crate) telemetry: Telemetry,
    active: ActiveRequests,
}

impl RequestRecorder {
    pub(crate) fn new(listener: &'static str, telemetry: Telemetry) -> Self {
        let active = telemetry.metrics().active_requests(listener);
        Self { listener, telemetry, active }
    }
}

/// A request without a response yet. It is recorded on drop, so that a request that is cut, or whose client disconnects,
/// has its log line too, without a status.
#[derive(Debug)]
pub(crate) struct InFlightRequest {
    recorder: Arc<RequestRecorder>,
    record: RequestRecord,
    route: Option<MatchedPath>,
}

impl InFlightRequest {
    pub(crate) fn begin<B>(recorder: Arc<RequestRecorder>, request: &Request<B>, begun: Instant) -> Self {
        recorder.active.inc();
        let head = Head {
            method: known_method(request.method().as_str()).unwrap_or("other"),
            version: request.version(),
            headers: request.headers(),
        };
        let record = RequestRecord::new(&recorder, &head, begun);
        Self { recorder, record, route: None }
    }

    pub(crate) fn id(&self) -> &RequestId {
        &self.record.id
    }

    pub(crate) fn context(&self) -> TraceContext {
        self.record.context
    }

    /// Stores the route, if one matched.
    pub(crate) fn set_route(&mut self, route: Option<MatchedPath>) {
        if route.is_some() {
            self.route = route;
        }
    }

    /// Records the request with the status of its response.
    pub(crate) fn finish(mut self, status: StatusCode) {
        self.record.status = Some(status);
    }
}

impl Drop for InFlightRequest {
    fn drop(&mut self) {
        self.recorder.active.dec();
        let route = self.route.as_ref().map(MatchedPath::as_str);
        self.record.write(&self.recorder, route, Instant::now());
    }
}

/// Parts of a request head that telemetry reads.
pub(crate) struct Head<'a> {
    pub(crate) method: &'static str,
    #[cfg_attr(not(feature = "traces"), expect(dead_code, reason = "only spans have the version"))]
    pub(crate) version: Version,
    pub(crate) headers: &'a HeaderMap,
}

/// Record of one request: identity, sampling decision, start and status.
#[derive(Debug)]
pub(crate) struct RequestRecord {
    method: &'static str,
    pub(crate) id: RequestId,
    context: TraceContext,
    /// Parts of the span, if the request is sampled.
    #[cfg(feature = "traces")]
    sampled: Option<Box<Sampled>>,
    begun: Instant,
    pub(crate) status: Option<StatusCode>,
}

#[cfg(feature = "traces")]
#[derive(Debug)]
struct Sampled {
    parent: Option<TraceContext>,
    state: Option<TraceState>,
    version: Version,
    start: SystemTime,
}

impl RequestRecord {
    pub(crate) fn new(recorder: &RequestRecorder, head: &Head<'_>, begun: Instant) -> Self {
        let Head { method, headers, .. } = *head;
        let parent = TraceContext::from_headers(headers);
        let context = TraceContext::following(parent.as_ref());
        let record = Self {
            method,
            id: RequestId::from_headers(headers, parent.as_ref(), &context),
            context,
            #[cfg(feature = "traces")]
            sampled: None,
            begun,
            status: None,
        };
        record.sampled(recorder, parent, head)
    }

    /// Makes the sampling decision. Without a collector the caller's decision is passed on unchanged.
    #[cfg(feature = "traces")]
    fn sampled(mut self, recorder: &RequestRecorder, parent: Option<TraceContext>, head: &Head<'_>) -> Self {
        let Some(traces) = recorder.telemetry.traces() else { return self };
        let sampled = traces.samples(parent.as_ref(), &self.context);
        self.context = self.context.with_sampled(sampled);
        self.sampled = sampled.then(|| {
            // The standard allows `tracestate` only beside a valid parent.
            let state = parent.and_then(|_| TraceState::from_headers(head.headers));
            Box::new(Sampled { parent, state, version: head.version, start: SystemTime::now() })
        });
        self
    }

    #[cfg(not(feature = "traces"))]
    fn sampled(self, _: &RequestRecorder, _: Option<TraceContext>, _: &Head<'_>) -> Self {
        self
    }

    /// Writes the metric sample, the log line and the span.
    pub(crate) fn write(&self, recorder: &RequestRecorder, route: Option<&str>, now: Instant) {
        let duration = self.duration(now);
        let label = route.unwrap_or(UNMATCHED);
        let labels = RequestLabels {
            listener: recorder.listener,
            http_request_method: self.method,
            http_route: label.into(),
            http_response_status_code: self.status.map_or(0, |status| status.as_u16()),
        };
        recorder.telemetry.metrics().request_durations(&labels).observe(duration);
        if recorder.telemetry.logs_requests() {
            let status = self.status.map(|status| status.as_u16());
            let template = LineTemplate::new(recorder.listener, self.method, label, status);
            self.log(recorder, &template, duration, now);
        }
        self.export(recorder, route, duration);
    }

    pub(crate) fn duration(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.begun)
    }

    /// Writes the log line, if the level includes request lines.
    pub(crate) fn log(
        &self,
        recorder: &RequestRecorder,
        template: &LineTemplate,
        duration: Duration,
        now: Instant,
    ) {
        if recorder.telemetry.logs_requests() {
            let line = RequestLine { duration, request_id: &self.id, context: &self.context };
            recorder.telemetry.log_request(template, &line, now);
        }
    }

    /// Queues the span, if the request is sampled.
    #[cfg(feature = "traces")]
    pub(crate) fn export(&self, recorder: &RequestRecorder, route: Option<&str>, duration: Duration) {
        let (Some(sampled), Some(traces)) = (&self.sampled, recorder.telemetry.traces()) else { return };
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

    #[cfg(not(feature = "traces"))]
    pub(crate) fn export(&self, _: &RequestRecorder, _: Option<&str>, _: Duration) {}
}
