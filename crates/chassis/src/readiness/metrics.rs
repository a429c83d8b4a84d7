//! Metrics of dependencies.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::report::DependencyReport;
use super::verdict::State;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::callback::Sample;

/// Maximum number of codes that become label values in the life of a process, so that a dependency cannot create any number
/// of time series.
const MAX_CODES: usize = 32;

/// Maximum length of a code that becomes a label value: an SQLSTATE has five characters. Sentences are for logs and status.
const MAX_CODE_CHARS: usize = 16;

/// Adds metrics that are read from `report`.
pub(super) fn register(
    report: impl Fn() -> Vec<DependencyReport> + Clone + Send + Sync + 'static,
    metrics: &Metrics,
) {
    let samples = |value: fn(&DependencyReport) -> Option<f64>| {
        let report = report.clone();
        move || {
            let reports = report();
            let labelled =
                |report| value(report).map(|value| Sample::labelled("dependency", report.name, value));
            reports.iter().filter_map(labelled).collect()
        }
    };
    metrics.gauge(
        "dependency_up",
        "Whether a dependency is up; absent before its first check has ended",
        samples(|report| match report.state {
            State::Unknown => None,
            State::Up => Some(1.0),
            State::Down => Some(0.0),
        }),
    );
    metrics.gauge(
        "dependency_check_age_seconds",
        "Time since the last check of a dependency ended",
        samples(|report| report.age.map(|age| age.as_secs_f64())),
    );
    let codes = Codes::default();
    metrics.gauge(
        "dependency_down_reason",
        "1 for the reason and code with which a dependency is down",
        move || report().iter().filter_map(|report| down(report, &codes)).collect(),
    );
}

fn down(report: &DependencyReport, codes: &Codes) -> Option<Sample> {
    let reason = report.reason.filter(|_| report.state == State::Down)?;
    let sample = Sample::labelled("dependency", report.name, 1.0).and("reason", reason);
    let code = report.code.clone().filter(|code| codes.admit(code));
    Some(sample.and("code", code.unwrap_or_default()))
}

/// Codes that have become label values.
#[derive(Default)]
struct Codes(Mutex<BTreeSet<String>>);

impl Codes {
    fn admit(&self, code: &str) -> bool {
        if code.len() > MAX_CODE_CHARS
            || !code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return false;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(code) || (known.len() < MAX_CODES && known.insert(code.to_owned()))
    }
}
