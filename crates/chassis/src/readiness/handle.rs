//! Handle to a dependency that is sampled.

use std::time::Duration;

use http::StatusCode;
use tokio::sync::watch;
use tokio::time::Instant;

use super::dependency::{Class, Dependency};
use super::failure::CheckFailure;
use super::report::DependencyReport;
use super::verdict::Verdict;
use crate::problem::Problem;

/// Handle to a dependency that is sampled. Clones share its state.
#[derive(Clone, Debug)]
pub struct DependencyHandle {
    name: &'static str,
    class: Class,
    shared: bool,
    period: Duration,
    verdict: watch::Receiver<Verdict>,
}

impl DependencyHandle {
    pub(super) fn new(dependency: &Dependency, verdict: watch::Receiver<Verdict>) -> Self {
        let Dependency { name, class, shared, timing, .. } = *dependency;
        Self { name, class, shared, period: timing.period, verdict }
    }

    /// Name of the dependency.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Checks whether a route may use the dependency; an informational one never rejects.
    ///
    /// # Errors
    /// [`DependencyHandle::unavailable`], while the dependency is known to be down.
    pub fn guard(&self) -> Result<(), Problem> {
        if self.verdict.borrow().rejects_routes(self.class) { Err(self.unavailable()) } else { Ok(()) }
    }

    /// Response of a route that could not use the dependency: 503 with a `Retry-After` of one to two periods, each rounded up
    /// to seconds, since an outage cannot end before the next check. It is random, so that clients do not return all at once.
    #[must_use]
    pub fn unavailable(&self) -> Problem {
        let period = self.period.as_secs() + u64::from(self.period.subsec_nanos() > 0);
        let wait = period.saturating_add(fastrand::u64(0..=period));
        Problem::new(StatusCode::SERVICE_UNAVAILABLE).retry_after(Duration::from_secs(wait))
    }

    /// Current state of the dependency.
    #[must_use]
    pub fn report(&self) -> DependencyReport {
        let verdict = self.verdict.borrow().clone();
        let now = Instant::now();
        let since = |then: Option<Instant>| then.map(|then| now.saturating_duration_since(then));
        DependencyReport {
            name: self.name,
            class: self.class,
            shared: self.shared,
            state: verdict.state,
            reason: verdict.failure.as_ref().map(CheckFailure::reason),
            code: verdict.failure.as_ref().and_then(CheckFailure::code_text).map(str::to_owned),
            blocks_readiness: verdict.blocks_readiness(self.class, self.shared),
            age: since(verdict.checked_at),
            unchanged: since(verdict.changed_at),
        }
    }
}
