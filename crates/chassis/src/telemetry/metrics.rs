//! Metrics in the text format that a scraper asks for, under OpenTelemetry's names. Labels come from closed sets only: a client
//! must not be able to make a time series.

mod format;
mod readings;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::header::{CONTENT_TYPE, VARY};
use http::{HeaderMap, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub use readings::Sample;

use format::Format;
use readings::Readings;

/// Upper bounds in seconds: those that OpenTelemetry's HTTP conventions advise, and finer ones below them, since an
/// answer from memory takes microseconds.
const DURATIONS: [f64; 17] =
    [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The metrics of the process. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    active: Family<ListenerLabel, Gauge>,
}

/// What tells one series of requests from another.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub(crate) struct RequestLabels {
    pub(crate) listener: &'static str,
    pub(crate) http_request_method: &'static str,
    pub(crate) http_route: Arc<str>,
    /// 0 for a request that was cut, or whose client went away, before there was an answer.
    pub(crate) http_response_status_code: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct ListenerLabel {
    listener: &'static str,
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

    /// Adds numbers that can go up and down, read by `read` whenever someone asks. A name may be added once.
    pub fn gauge(
        &self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> Vec<Sample> + Send + Sync + 'static,
    ) {
        self.collect(MetricType::Gauge, name, help, read);
    }

    /// Adds numbers that only go up, read by `read` whenever someone asks. A name may be added once, without the
    /// `_total` that the format appends.
    pub fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> Vec<Sample> + Send + Sync + 'static,
    ) {
        self.collect(MetricType::Counter, name, help, read);
    }

    fn collect(
        &self,
        kind: MetricType,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> Vec<Sample> + Send + Sync + 'static,
    ) {
        self.lock().register_collector(Box::new(Readings { kind, name, help, read: Box::new(read) }));
    }

    /// `GET`: all metrics as they are now, in the format that `Accept` prefers. OpenMetrics where it prefers none.
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

    /// The durations of one series; cheap to observe, so kept where a series is known beforehand.
    pub(crate) fn requests(&self, labels: &RequestLabels) -> Histogram {
        self.requests.get_or_create_owned(labels)
    }

    pub(crate) fn active_requests(&self, listener: &'static str) -> Gauge {
        self.active.get_or_create_owned(&ListenerLabel { listener })
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
