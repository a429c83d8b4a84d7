//! Telemetry of requests that are answered from memory: series and line templates prepared once per listener.

use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, StatusCode, Version};

use super::path::{FastPath, FastRoutes};
use crate::request_id::RequestId;
use crate::server::record::request::{Head, RequestRecord, RequestRecorder};
use crate::telemetry::metrics::{RequestDurations, RequestLabels};
use crate::telemetry::request_line::LineTemplate;

/// Fast path of one listener.
pub(crate) struct FastListener {
    recorder: Arc<RequestRecorder>,
    routes: Vec<RouteMetrics>,
    make: Box<dyn Fn() -> Box<dyn FastPath> + Send + Sync>,
}

/// Series and line template of `GET` requests of one route with status 200.
#[derive(Debug)]
struct RouteMetrics {
    route: &'static str,
    durations: RequestDurations,
    template: LineTemplate,
}

impl FastListener {
    pub(crate) fn new(fast: FastRoutes, recorder: Arc<RequestRecorder>) -> Self {
        let route_metrics = |route: &'static str| {
            let labels = RequestLabels {
                listener: recorder.listener,
                http_request_method: "GET",
                http_route: route.into(),
                http_response_status_code: StatusCode::OK.as_u16(),
            };
            let status = Some(labels.http_response_status_code);
            let template = LineTemplate::new(recorder.listener, "GET", route, status);
            let durations = recorder.telemetry.metrics().request_durations(&labels);
            RouteMetrics { route, durations, template }
        };
        let routes = fast.routes.into_iter().map(route_metrics).collect();
        Self { recorder, routes, make: fast.make }
    }

    /// Makes the source of one connection.
    pub(crate) fn source(&self) -> Box<dyn FastPath> {
        (self.make)()
    }

    /// Records a `GET` by HTTP/1.1 that is answered at once. `headers` are at least those that identify the request. Returns
    /// its id and the time of its response.
    pub(crate) fn record(
        &self,
        headers: &HeaderMap,
        begun: Instant,
        route: usize,
        status: StatusCode,
    ) -> (RequestId, Instant) {
        let recorder = &*self.recorder;
        let head = Head { method: "GET", version: Version::HTTP_11, headers };
        let mut record = RequestRecord::new(recorder, &head, begun);
        record.status = Some(status);
        let now = Instant::now();
        match self.routes.get(route) {
            Some(metrics) if status == StatusCode::OK => {
                let duration = record.duration(now);
                metrics.durations.observe(duration);
                record.log(recorder, &metrics.template, duration, now);
                record.export(recorder, Some(metrics.route), duration);
            }
            metrics => record.write(recorder, metrics.map(|metrics| metrics.route), now),
        }
        (record.id, now)
    }
}
