//! Readiness as a policy over the dependencies of a service.
//!
//! Each dependency has a sampler in the background; probes, routes and pages read its last result from memory. The effect of
//! an outage depends on the [`Class`] of the dependency, and on whether all replicas share it:
//!
//! | class | never connected | down, own | down, shared | routes that need it, while down |
//! |---|---|---|---|---|
//! | required | unready | unready | ready | 503 |
//! | degraded | ready | ready | ready | 503 |
//! | informational | ready | ready | ready | served |
//!
//! A dependency that all replicas share is down for all of them at once. If they all became unready, the load balancer would
//! have no replica left, and routes that do not need the dependency would fail too. A replica that has never connected may be
//! misconfigured (address, password), so it gets no traffic until it has. A replica that loses the dependency later cannot
//! know whether it is the only one, and stays ready.
//!
//! Start-up and liveness do not depend on any dependency: a restart repairs none.

mod breaker;
mod dependency;
mod failure;
mod handle;
mod journal;
#[cfg(feature = "metrics")]
mod metrics;
mod report;
mod sampler;
mod verdict;

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

pub use breaker::requires;
pub use dependency::{Class, Dependency, InvalidDependency, Timing};
pub use failure::{CheckFailure, CheckResult};
pub use handle::DependencyHandle;
pub use report::DependencyReport;
pub use sampler::{PANICKED, TIMED_OUT};
pub use verdict::State;

use crate::health::Health;
#[cfg(feature = "metrics")]
use crate::telemetry::metrics::Metrics;
use sampler::Sampler;
use verdict::Verdict;

/// State of all dependencies. Clones share it, and reading it touches memory only.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<[DependencyHandle]>);

impl Readiness {
    /// Starts a sampler for each dependency; each checks at once, then once per period. From now on `health` is ready only
    /// while the policy allows it too.
    ///
    /// # Errors
    /// See [`InvalidDependency`]; then nothing has been started.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn start(
        dependencies: Vec<Dependency>,
        health: &Health,
    ) -> Result<(Self, Samplers), InvalidDependency> {
        let mut names = HashSet::new();
        for Dependency { name, timing, .. } in &dependencies {
            timing.validate(name)?;
            if !names.insert(*name) {
                return Err(InvalidDependency::NameTwice { name });
            }
        }
        let mut tasks = JoinSet::new();
        let handles = dependencies.into_iter().map(|dependency| {
            let (sender, verdict) = watch::channel(Verdict::default());
            let handle = DependencyHandle::new(&dependency, verdict);
            tasks.spawn(Sampler::new(dependency, sender, health.block_readiness()).run());
            handle
        });
        Ok((Self(handles.collect()), Samplers(tasks)))
    }

    /// Returns the dependency of that name; `None` if it was not started.
    #[must_use]
    pub fn dependency(&self, name: &str) -> Option<DependencyHandle> {
        self.0.iter().find(|handle| handle.name() == name).cloned()
    }

    /// State of each dependency, in the order in which they were given.
    #[must_use]
    pub fn report(&self) -> Vec<DependencyReport> {
        self.0.iter().map(DependencyHandle::report).collect()
    }

    /// Adds the metrics of all dependencies: `dependency_up`, `dependency_check_age_seconds` and `dependency_down_reason`. Call
    /// it once per set of metrics.
    #[cfg(feature = "metrics")]
    pub fn register(&self, metrics: &Metrics) {
        let readiness = self.clone();
        metrics::register(move || readiness.report(), metrics);
    }
}

/// Running samplers. Dropping them stops the checks at once; the last results and readiness remain.
#[derive(Debug)]
#[must_use = "if dropped at once, nothing is ever checked"]
pub struct Samplers(JoinSet<()>);

impl Samplers {
    /// Stops the samplers, and waits until their running checks are dropped.
    pub async fn stop(mut self) {
        self.0.shutdown().await;
    }
}
