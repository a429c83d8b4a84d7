//! Check that the service recorded all its telemetry: the ratios of a service that drops half of it would say nothing.

use std::time::Duration;

use anyhow::Result;
use kit::wait;

use super::super::client;
use super::super::report::Row;
use super::answers::PATHS;
use super::collector::Received;
use super::service::{SAMPLED, Service};

/// For what is still on its way once the load has ended: lines in the queue, and spans that wait for their batch.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);
/// The share of requests with a span may differ from the one asked for by this part of it.
const SAMPLING_TOLERANCE: f64 = 0.2;
/// Fewer parsed lines prove nothing.
const MIN_SAMPLE: u64 = 2000;

/// The clients' own counts of the requests.
pub(super) struct Clients {
    /// Requests answered in time.
    pub(super) seen: u64,
    pub(super) failures: u64,
}

/// The service's own counts; nothing if it has no such metric.
#[derive(Debug, PartialEq, Eq)]
struct ServiceCounts {
    /// Answers to requests for [`PATHS`].
    requests: Option<u64>,
    dropped_lines: Option<u64>,
    ended_spans: Option<u64>,
    exported_spans: Option<u64>,
    dropped_spans: Option<u64>,
}

/// Rows that are all met if nothing is missing.
///
/// # Errors
/// The service or the collector does not answer.
pub(super) fn check(service: &Service, clients: &Clients) -> Result<Vec<Row>> {
    let ask = || -> Result<_> {
        let received = service.collector.received()?;
        Ok((ServiceCounts::parse(&client::get(service.server.admin(), "/metrics")?.body), received))
    };
    let agree = || ask().map(|(told, received)| told.agrees_with(&received));
    // If they never agree, the rows tell where they differ.
    wait::until_true("the last log lines and spans", SETTLED_WITHIN, agree).ok();
    let (told, received) = ask()?;
    Ok(rows(&told, &received, clients))
}

impl ServiceCounts {
    fn parse(metrics: &str) -> Self {
        let of_paths =
            |labels: &str| PATHS.iter().any(|path| labels.contains(&format!("http_route=\"{path}\"")));
        let total = |name| sum(metrics, name, |_| true);
        Self {
            requests: sum(metrics, "http_server_request_duration_seconds_count", of_paths),
            dropped_lines: total("log_lines_dropped_total"),
            ended_spans: total("otel_spans_ended_total"),
            exported_spans: total("otel_spans_exported_total"),
            dropped_spans: total("otel_spans_dropped_total"),
        }
    }

    fn agrees_with(&self, received: &Received) -> bool {
        self.requests == Some(received.request_lines) && self.ended_spans == Some(received.spans)
    }
}

/// Sums the samples with that name and such labels in Prometheus' text format; nothing if there are none.
fn sum(metrics: &str, name: &str, wanted: impl Fn(&str) -> bool) -> Option<u64> {
    let samples = metrics.lines().filter_map(|line| {
        let (labels, value) = line.strip_prefix(name)?.rsplit_once(' ')?;
        let is_whole_name = labels.is_empty() || labels.starts_with('{');
        (is_whole_name && wanted(labels)).then(|| value.parse::<f64>().ok()).flatten()
    });
    samples.map(|value| value as u64).reduce(|sum, value| sum + value)
}

fn rows(told: &ServiceCounts, received: &Received, clients: &Clients) -> Vec<Row> {
    let shown =
        |count: Option<u64>| count.map_or_else(|| "not reported".to_owned(), |count| count.to_string());
    let none =
        |what: &str, count: Option<u64>| Row::new(what, shown(count)).aim("0".to_owned(), count == Some(0));
    let (requests, ended) = (told.requests.unwrap_or_default(), told.ended_spans.unwrap_or_default());
    let share = ended as f64 / requests.max(1) as f64;
    let rows = vec![
        Row::new("requests that clients saw answered", clients.seen.to_string()),
        none("  failed", Some(clients.failures)),
        Row::new("requests that the service counted", shown(told.requests))
            .aim("no fewer".to_owned(), told.requests.is_some_and(|counted| counted >= clients.seen)),
        Row::new("log lines on requests", received.request_lines.to_string())
            .aim(shown(told.requests), told.requests == Some(received.request_lines)),
        none("  dropped by the service", told.dropped_lines),
        Row::new("  parsed", received.parsed_lines.to_string())
            .aim(format!("{MIN_SAMPLE} or more"), received.parsed_lines >= MIN_SAMPLE),
        none("    no JSON object", Some(received.bad_lines)),
        Row::new("spans that the service ended", shown(told.ended_spans)),
        Row::new("  share of the requests", format!("{:.2} %", share * 100.0)).aim(
            format!("{:.2} % ± {:.2}", SAMPLED * 100.0, SAMPLED * SAMPLING_TOLERANCE * 100.0),
            (share / SAMPLED - 1.0).abs() <= SAMPLING_TOLERANCE,
        ),
        Row::new("  exported", shown(told.exported_spans)).aim(
            shown(told.ended_spans),
            told.exported_spans.is_some() && told.exported_spans == told.ended_spans,
        ),
        Row::new("  received and decoded", received.spans.to_string())
            .aim(shown(told.ended_spans), told.ended_spans == Some(received.spans)),
        none("  dropped by the service", told.dropped_spans),
        none("  broken", Some(received.bad_spans)),
    ];
    let trouble = (!received.first_trouble.is_empty())
        .then(|| Row::new(&format!("broken first: {}", received.first_trouble.trim_end()), String::new()));
    rows.into_iter().chain(trouble).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "# TYPE http_server_request_duration_seconds histogram\n\
        http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/config\"} 70\n\
        http_server_request_duration_seconds_count{http_request_method=\"HEAD\",http_route=\"/config\"} 20\n\
        http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/healthz\"} 10\n\
        http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/metrics\"} 5\n\
        log_lines_dropped_total 0\notel_spans_ended_total 1\notel_spans_exported_total 1\n\
        otel_spans_dropped_total{reason=\"full\"} 0\notel_spans_dropped_total{reason=\"failed\"} 0\n";

    fn received() -> Received {
        Received { request_lines: 100, parsed_lines: 2000, spans: 1, ..Received::default() }
    }

    fn missed(metrics: &str, received: &Received, clients: &Clients) -> usize {
        rows(&ServiceCounts::parse(metrics), received, clients).iter().filter(|row| row.is_missed()).count()
    }

    const CLIENTS: Clients = Clients { seen: 98, failures: 0 };

    #[test]
    fn what_is_complete_misses_nothing() {
        assert!(ServiceCounts::parse(METRICS).agrees_with(&received()));
        assert_eq!(missed(METRICS, &received(), &CLIENTS), 0);
    }

    #[test]
    fn each_thing_that_is_missing_is_seen() {
        let with = |change: fn(&mut Received)| {
            let mut received = received();
            change(&mut received);
            missed(METRICS, &received, &CLIENTS)
        };
        assert_eq!(with(|received| received.request_lines = 99), 1);
        assert_eq!(with(|received| received.parsed_lines = 10), 1);
        assert_eq!(with(|received| received.bad_lines = 1), 1);
        assert_eq!(with(|received| received.spans = 0), 1);
        assert_eq!(with(|received| received.bad_spans = 1), 1);
        assert_eq!(missed(METRICS, &received(), &Clients { seen: 101, failures: 0 }), 1);
        assert_eq!(missed(METRICS, &received(), &Clients { seen: 98, failures: 1 }), 1);
    }

    #[test]
    fn reported_drop_is_a_miss() {
        assert_eq!(missed(&METRICS.replace("dropped_total 0", "dropped_total 1"), &received(), &CLIENTS), 1);
        assert_eq!(missed(&METRICS.replace("\"failed\"} 0", "\"failed\"} 3"), &received(), &CLIENTS), 1);
    }

    #[test]
    fn a_service_without_metrics_is_not_complete() {
        let told = ServiceCounts::parse("config_generation 1\n");
        assert_eq!((told.requests, told.dropped_spans), (None, None));
        assert!(!told.agrees_with(&Received::default()));
        // Nothing is to be seen at all, so only what nobody could have lost is met: no failures, no broken lines and spans.
        let nobody = Clients { seen: 0, failures: 0 };
        let rows = rows(&told, &Received::default(), &nobody);
        let met: Vec<_> = rows.iter().filter(|row| row.is_met()).map(Row::what).collect();
        assert_eq!(met, ["  failed", "    no JSON object", "  broken"]);
    }

    #[test]
    fn metric_with_a_longer_name_is_another() {
        assert_eq!(sum("spans_total_more 7\n", "spans_total", |_| true), None);
    }
}
