//! Declaration of a dependency.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::failure::CheckResult;

pub(super) type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = CheckResult> + Send>> + Send + Sync>;

/// Effect of an outage of a dependency on the service.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// The service is of no use without it. Decides on readiness; routes that need it are rejected while it is down.
    Required,
    /// The service is of less use without it. Does not affect readiness; routes that need it are rejected while it is down.
    Degraded,
    /// The service is unaffected. The state is reported only.
    Informational,
}

/// Times of the checks of a dependency, and the number of consecutive results that change its state.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Average time from the end of one check to the start of the next.
    pub period: Duration,
    /// Maximum time of a check; a longer one is dropped and counts as a failure.
    pub timeout: Duration,
    /// Maximum deviation from the period, so that replicas do not check in step. Less than the period.
    pub jitter: Duration,
    /// Consecutive failures until the dependency is down; 0 counts as 1.
    pub failures_to_down: u32,
    /// Consecutive successes until the dependency is up again; 0 counts as 1.
    pub successes_to_up: u32,
}

impl Default for Timing {
    /// Period 5 s, jitter 1 s, timeout 2 s; three failures begin an outage, and two successes end it.
    fn default() -> Self {
        Self {
            period: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            jitter: Duration::from_secs(1),
            failures_to_down: 3,
            successes_to_up: 2,
        }
    }
}

impl Timing {
    pub(super) fn validate(&self, name: &'static str) -> Result<(), InvalidDependency> {
        if self.period.is_zero() {
            return Err(InvalidDependency::NoPeriod { name });
        }
        if self.timeout.is_zero() {
            return Err(InvalidDependency::NoTimeout { name });
        }
        if self.jitter >= self.period {
            return Err(InvalidDependency::JitterTooLong { name });
        }
        Ok(())
    }
}

/// A resource outside the process that the service uses.
#[derive(Clone)]
pub struct Dependency {
    /// Name, unique in the process. Part of metrics, logs and status pages.
    pub name: &'static str,
    /// Effect of an outage.
    pub class: Class,
    /// True if all replicas use the same resource, so that it is down for all or none: a database server, not a file.
    pub shared: bool,
    /// Times of the checks.
    pub timing: Timing,
    check: Check,
}

impl Dependency {
    /// A dependency that all replicas share, checked with the default timing.
    ///
    /// `check` is called once per period, in its own task. It should use the path of requests, such as a connection of the
    /// same pool, and must not block its thread. A panic counts as a failure.
    pub fn new<F>(name: &'static str, class: Class, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = CheckResult> + Send + 'static,
    {
        let check: Check = Arc::new(move || Box::pin(check()));
        Self { name, class, shared: true, timing: Timing::default(), check }
    }

    /// Marks the dependency as this replica's own.
    #[must_use]
    pub fn own(mut self) -> Self {
        self.shared = false;
        self
    }

    /// Replaces the timing.
    #[must_use]
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    pub(super) fn check(&self) -> Check {
        Arc::clone(&self.check)
    }
}

impl fmt::Debug for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dependency")
            .field("name", &self.name)
            .field("class", &self.class)
            .field("shared", &self.shared)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}

/// Error of dependencies that cannot be sampled.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDependency {
    /// Two dependencies have the same name.
    #[error("dependency {name:?} is declared twice: give each a name of its own")]
    NameTwice {
        /// Name of both.
        name: &'static str,
    },
    /// The dependency would be checked without a pause.
    #[error("dependency {name:?} has a period of zero: set a period above zero")]
    NoPeriod {
        /// Name of the dependency.
        name: &'static str,
    },
    /// No check could succeed.
    #[error("dependency {name:?} has a timeout of zero: set a timeout above zero")]
    NoTimeout {
        /// Name of the dependency.
        name: &'static str,
    },
    /// The dependency would sometimes be checked without a pause.
    #[error("dependency {name:?} has a jitter that is not less than its period: set a smaller jitter")]
    JitterTooLong {
        /// Name of the dependency.
        name: &'static str,
    },
}
