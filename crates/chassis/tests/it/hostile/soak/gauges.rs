//! Gauges that the server reports in its metrics.

use std::fmt;
use test_support::http::raw::Client;

/// All metrics at one moment, in the OpenMetrics text format.
pub(super) struct Metrics(String);

/// Values that must not grow with past clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    descriptors: u64,
    tasks: u64,
    connections: u64,
    requests: u64,
}

impl Metrics {
    /// Reads on a connection that remains open, so that the reading itself uses the same resources each time.
    pub(super) async fn read(admin: &mut Client) -> Self {
        let answer = admin.get("/metrics").await;
        assert_eq!(answer.status, 200);
        Self(answer.body)
    }

    /// Sum of the samples of this name whose labels hold each of `labels`; a name without samples is a mistake here.
    pub(super) fn sum(&self, name: &str, labels: &[&str]) -> u64 {
        let samples: Vec<_> = self.0.lines().filter_map(|line| sample(line, name)).collect();
        assert!(!samples.is_empty(), "{name} in {}", self.0);
        let matching = samples.iter().filter(|(given, _)| labels.iter().all(|label| given.contains(label)));
        matching.map(|(_, value)| value).sum::<f64>() as u64
    }

    pub(super) fn held(&self) -> Held {
        Held {
            descriptors: self.sum("process_open_fds", &[]),
            tasks: self.sum("tokio_alive_tasks", &[]),
            connections: self.sum("http_server_open_connections", &[]),
            requests: self.sum("http_server_active_requests", &[]),
        }
    }

    pub(super) fn resident_kib(&self) -> u64 {
        self.sum("process_resident_memory_bytes", &[]) / 1024
    }

    pub(super) fn requests(&self) -> u64 {
        self.sum("http_server_request_duration_seconds_count", &[])
    }
}

/// Totals of the load.
impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        [
            "http_server_connections_total",
            "http_server_connections_closed_total",
            "http_server_requests_refused_total",
            "log_lines_dropped_total",
            "otel_spans_ended_total",
            "otel_spans_exported_total",
            "otel_spans_failed_total",
            "otel_spans_dropped_total",
        ]
        .into_iter()
        .try_for_each(|name| writeln!(f, "{name} {}", self.sum(name, &[])))
    }
}

/// Labels and value of a line, where it is a sample of this name.
fn sample<'line>(line: &'line str, name: &str) -> Option<(&'line str, f64)> {
    let rest = line.strip_prefix(name)?;
    let (labels, value) = rest.rsplit_once(' ')?;
    let is_this_name = labels.is_empty() || labels.starts_with('{');
    is_this_name.then(|| (labels, value.parse().unwrap()))
}
