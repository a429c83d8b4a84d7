//! Log lines of one dependency: one per change of its condition, limited if it flaps.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::dependency::Class;
use super::failure::CheckFailure;
use super::verdict::{State, Verdict};
use crate::telemetry::target::LIFECYCLE;

/// Time within which no line is written twice.
const WINDOW: Duration = Duration::from_secs(60);

/// Maximum number of lines within the window.
const MAX_LINES: usize = 6;

/// Writes a line if the condition differs from the last line. A suppressed condition is written later, if it still holds.
pub(super) struct Journal {
    name: &'static str,
    class: Class,
    written: Option<Condition>,
    latest: Option<Condition>,
    /// Number of changes since the last line.
    n_changes: u64,
    lines: VecDeque<(Instant, Condition)>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Condition {
    Up,
    Down(CheckFailure),
}

impl Journal {
    pub(super) fn new(name: &'static str, class: Class) -> Self {
        Self { name, class, written: None, latest: None, n_changes: 0, lines: VecDeque::new() }
    }

    /// Records the verdict after a check; `ready` is false if the verdict blocks readiness.
    pub(super) fn record(&mut self, verdict: &Verdict, ready: bool, now: Instant) {
        let Some(condition) = Condition::from_verdict(verdict) else { return };
        if self.latest.as_ref() != Some(&condition) {
            self.n_changes += 1;
            self.latest = Some(condition.clone());
        }
        if self.written.as_ref() == Some(&condition) || !self.admits(&condition, now) {
            return;
        }
        let was_down = matches!(self.written, Some(Condition::Down(_)));
        let suppressed = Some(self.n_changes.saturating_sub(1)).filter(|n| *n > 0);
        match &condition {
            Condition::Up => self.write_up(was_down, suppressed),
            Condition::Down(failure) => self.write_down(failure, verdict.connected, ready, suppressed),
        }
        self.lines.push_back((now, condition.clone()));
        self.written = Some(condition);
        self.n_changes = 0;
    }

    fn admits(&mut self, condition: &Condition, now: Instant) -> bool {
        while self.lines.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= WINDOW) {
            self.lines.pop_front();
        }
        self.lines.len() < MAX_LINES && self.lines.iter().all(|(_, before)| before != condition)
    }

    /// True if an outage affects routes or readiness: then its lines are written at every level.
    fn affects_service(&self) -> bool {
        self.class != Class::Informational
    }

    fn write_up(&self, was_down: bool, suppressed: Option<u64>) {
        let dependency = self.name;
        if was_down && self.affects_service() {
            tracing::info!(target: LIFECYCLE, dependency, suppressed, "dependency is up");
        } else {
            tracing::info!(dependency, suppressed, "dependency is up");
        }
    }

    fn write_down(&self, failure: &CheckFailure, connected: bool, ready: bool, suppressed: Option<u64>) {
        let (dependency, reason, code) = (self.name, failure.reason(), failure.code_text());
        let message = if connected { "dependency is down" } else { "dependency was never reached" };
        if self.affects_service() {
            tracing::warn!(target: LIFECYCLE, dependency, reason, code, ready, suppressed, "{message}");
        } else {
            tracing::warn!(dependency, reason, code, ready, suppressed, "{message}");
        }
    }
}

impl Condition {
    /// `None` before the first check, and for a success that does not end an outage yet.
    fn from_verdict(verdict: &Verdict) -> Option<Self> {
        match verdict.state {
            State::Unknown => None,
            State::Up => Some(Self::Up),
            State::Down => verdict.failure.clone().map(Self::Down),
        }
    }
}
