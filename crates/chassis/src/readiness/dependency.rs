//! What a service says of something it depends on.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::failure::CheckResult;

pub(super) type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = CheckResult> + Send>> + Send + Sync>;

/// What the service is without a dependency.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Of no use. Decides on readiness; routes that need it are refused while it is down.
    Required,
    /// Of less use. Leaves readiness alone; routes that need it are refused while it is down.
    Degraded,
    /// As it was. Shown, and nothing else.
    Informational,
}

/// When a dependency is checked, and how many results in a row change what is thought of it.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// From the end of one check to the start of the next, on average.
    pub period: Duration,
    /// A check that takes longer is dropped and has failed.
    pub timeout: Duration,
    /// The most by which a period is shorter or longer, so that replicas do not ask in step. Less than the period.
    pub jitter: Duration,
    /// Failures in a row until it is down; 0 counts as 1.
    pub failures_to_down: u32,
    /// Successes in a row until it is up again; 0 counts as 1.
    pub successes_to_up: u32,
}

impl Default for Timing {
    /// Every 5 s, more or less by 1 s, with a timeout of 2 s; three failures are an outage and two successes its end.
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

/// Something outside of the process that the service uses.
#[derive(Clone)]
pub struct Dependency {
    /// Unique among the dependencies of a process. Part of metrics, logs and status pages.
    pub name: &'static str,
    /// What the service is without it.
    pub class: Class,
    /// Whether all replicas use the same one, so that it is down for all or none: a database server, not a file.
    pub shared: bool,
    /// When it is checked.
    pub timing: Timing,
    check: Check,
}

impl Dependency {
    /// One that is shared by all replicas and checked by the default timing.
    ///
    /// `check` is called once a period, in a task of its own. It should take the path that requests take, such as a
    /// connection of the same pool, and must not block its thread. A panic counts as a failure.
    pub fn new<F>(name: &'static str, class: Class, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = CheckResult> + Send + 'static,
    {
        let check: Check = Arc::new(move || Box::pin(check()));
        Self { name, class, shared: true, timing: Timing::default(), check }
    }

    /// Says that it is this replica's own.
    #[must_use]
    pub fn own(mut self) -> Self {
        self.shared = false;
        self
    }

    /// Checks it by another timing.
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

/// Dependencies that cannot be sampled.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidDependency {
    /// Two have the same name.
    #[error("dependency {name:?} is given twice")]
    NameTwice {
        /// The name of both.
        name: &'static str,
    },
    /// It would be checked without a pause.
    #[error("the period of dependency {name:?} is zero")]
    NoPeriod {
        /// Which one.
        name: &'static str,
    },
    /// No check could succeed.
    #[error("the timeout of dependency {name:?} is zero")]
    NoTimeout {
        /// Which one.
        name: &'static str,
    },
    /// It would sometimes be checked without a pause.
    #[error("the jitter of dependency {name:?} is not less than its period")]
    JitterTooLong {
        /// Which one.
        name: &'static str,
    },
}
