//! Metrics in the text format that a scraper prefers, under OpenTelemetry's names. Labels come from closed sets only, so that a
//! client cannot create a time series.

pub(crate) mod callback;
mod format;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::header::{CONTENT_TYPE, VARY};
use http::{HeaderMap, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use callback::{CallbackMetric, Sample};
use format::Format;

/// Upper bounds in seconds: those of OpenTelemetry's HTTP conventions, and smaller ones, since a response from memory takes
/// microseconds.
const DURATIONS: [f64; 17] =
    [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Metrics of the process. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    active: Family<ListenerLabel, Gauge>,
}

/// Labels of one series of requests.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub(crate) struct RequestLabels {
    pub(crate) listener: &'static str,
    pub(crate) http_request_method: &'static str,
    pub(crate) http_route: Arc<str>,
    /// 0 for a request that was cut, or whose client disconnected, before its response.
    pub(crate) http_response_status_code: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct ListenerLabel {
    listener: &'static str,
}

/// Durations of one series of requests.
#[derive(Debug)]
pub(crate) struct RequestDurations(Histogram);

impl RequestDurations {
    pub(crate) fn observe(&self, duration: Duration) {
        self.0.observe(duration.as_secs_f64());
    }
}

/// Number of requests without a response, of one listener.
#[derive(Debug)]
pub(crate) struct ActiveRequests(Gauge);

impl ActiveRequests {
    pub(crate) fn inc(&self) {
        self.0.inc();
    }

    pub(crate) fn dec(&self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(super) fn new() -> Self {
        let requests = Family::new_with_constructor((|| Histogram::new(DURATIONS)) as fn() -> Histogram);
        let active = Family::default();
        let mut registry = Registry::default();
        registry.register_with_unit(
            "http_server_request_duration",
            "Time from a request's header to the header of its answer",
            Unit::Seconds,
            requests.clone(),
        );
        registry.register("http_server_active_requests", "Requests without an answer yet", active.clone());
        Self { registry: Arc::new(Mutex::new(registry)), requests, active }
    }

    /// Adds a gauge whose samples `read` returns at each scrape. Add each name once.
    pub fn gauge(
        &self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> Vec<Sample> + Send + Sync + 'static,
    ) {
        self.collect(MetricType::Gauge, name, help, read);
    }

    /// Adds a counter whose samples `read` returns at each scrape. Add each name once, without the `_total` that the format
    /// appends.
    pub fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> Vec<Sample> + Send + Sync + 'static,
    ) {
        self.collect(MetricType::Counter, name, help, read);
    }

    /// Adds a metric that is always 1 and says something in its labels that holds for the life of the process. Add each name once,
    /// without the `_info` that the format appends.
    pub fn info(&self, name: &'static str, help: &'static str, labels: Vec<(&'static str, &'static str)>) {
        self.lock().register(name, help, Info::new(labels));
    }

    fn collect(
        &self,
        kind: MetricType,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> Vec<Sample> + Send + Sync + 'static,
    ) {
        self.lock().register_collector(Box::new(CallbackMetric { kind, name, help, read: Box::new(read) }));
    }

    /// Route for `GET`: all metrics in the format that `Accept` prefers, OpenMetrics if it prefers none.
    pub fn route<S: Clone + Send + Sync + 'static>(&self) -> MethodRouter<S> {
        let metrics = self.clone();
        get(async move |headers: HeaderMap| metrics.answer(Format::accepted(&headers)))
    }

    fn answer(&self, format: Format) -> Response {
        let mut text = String::new();
        match prometheus_client::encoding::text::encode(&mut text, &self.lock()) {
            Ok(()) => {
                let headers = [(CONTENT_TYPE, format.media_type()), (VARY, "accept")];
                (headers, format.render(text)).into_response()
            }
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    /// Histogram of one series; cheap to observe, so callers that know the series beforehand hold it.
    pub(crate) fn request_durations(&self, labels: &RequestLabels) -> RequestDurations {
        RequestDurations(self.requests.get_or_create_owned(labels))
    }

    pub(crate) fn active_requests(&self, listener: &'static str) -> ActiveRequests {
        ActiveRequests(self.active.get_or_create_owned(&ListenerLabel { listener }))
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
