//! Metrics without the feature `metrics`: the same calls, without an effect.

use std::sync::Arc;
use std::time::Duration;

/// Metrics that nobody collects.
#[derive(Clone, Debug)]
pub(crate) struct Metrics;

/// Labels of one series of requests.
#[derive(Debug)]
#[expect(dead_code, reason = "written for the feature `metrics`")]
pub(crate) struct RequestLabels {
    pub(crate) listener: &'static str,
    pub(crate) http_request_method: &'static str,
    pub(crate) http_route: Arc<str>,
    pub(crate) http_response_status_code: u16,
}

impl Metrics {
    pub(super) fn new() -> Self {
        Self
    }

    pub(crate) fn request_durations(&self, _: &RequestLabels) -> RequestDurations {
        RequestDurations
    }

    pub(crate) fn active_requests(&self, _: &'static str) -> ActiveRequests {
        ActiveRequests
    }
}

/// Durations of one series of requests.
#[derive(Debug)]
pub(crate) struct RequestDurations;

impl RequestDurations {
    pub(crate) fn observe(&self, _: Duration) {}
}

/// Number of requests without a response, of one listener.
#[derive(Debug)]
pub(crate) struct ActiveRequests;

impl ActiveRequests {
    pub(crate) fn inc(&self) {}

    pub(crate) fn dec(&self) {}
}
