//! Readiness as policy over what the service depends on.
//!
//! Each dependency has a sampler of its own in the background; probes, routes and pages read what it last found, from
//! memory. What a dependency that is down does is a matter of its [`Class`] and of whether all replicas share it:
//!
//! | class | never connected | down, own | down, shared | routes that need it, while down |
//! |---|---|---|---|---|
//! | required | unready | unready | ready | 503 |
//! | degraded | ready | ready | ready | 503 |
//! | informational | ready | ready | ready | tried |
//!
//! A dependency that all replicas share is down for all of them at once: were they all unready, the load balancer would
//! have no one left to send to, and routes that do not need it would fail too. A replica that has never reached it may
//! be the one that is wrong (its address, its password), so it gets no traffic until it has. One that alone loses it
//! later cannot tell that it is alone, and stays ready.
//!
//! Start-up and liveness ask for no dependency at all: a restart mends none.

mod breaker;
mod dependency;
mod failure;
mod journal;
mod metrics;
mod report;
mod sampler;
mod verdict;

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

pub use breaker::{Watched, requires};
pub use dependency::{Class, Dependency, InvalidDependency, Timing};
pub use failure::{CheckFailure, CheckResult};
pub use report::DependencyReport;
pub use sampler::{PANICKED, TIMED_OUT};
pub use verdict::State;

use crate::Health;
use crate::telemetry::Metrics;
use sampler::Sampler;
use verdict::Verdict;

/// What is known of all dependencies. Clones share it, and reading it touches memory only.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<[Watched]>);

impl Readiness {
    /// Starts a sampler for each dependency; each checks at once, then once a period. From now on `health` is ready
    /// only while the policy allows it too.
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
        let watched = dependencies.into_iter().map(|dependency| {
            let (sender, verdict) = watch::channel(Verdict::default());
            let watched = Watched::new(&dependency, verdict);
            tasks.spawn(Sampler::new(dependency, sender, health.hold()).run());
            watched
        });
        Ok((Self(watched.collect()), Samplers(tasks)))
    }

    /// The dependency of that name; none when it is not among those that were started.
    #[must_use]
    pub fn dependency(&self, name: &str) -> Option<Watched> {
        self.0.iter().find(|watched| watched.name() == name).cloned()
    }

    /// What is known of each, in the order they were given.
    #[must_use]
    pub fn report(&self) -> Vec<DependencyReport> {
        self.0.iter().map(Watched::report).collect()
    }

    /// Adds the metrics of all dependencies; `dependency_up`, `dependency_check_age_seconds` and
    /// `dependency_down_reason`. May be called once for a set of metrics.
    pub fn register(&self, metrics: &Metrics) {
        metrics::register(self, metrics);
    }
}

/// The running samplers. Dropped, they stop at once; what they last found stays, and so does readiness.
#[derive(Debug)]
#[must_use = "dropped at once, nothing is ever checked"]
pub struct Samplers(JoinSet<()>);

impl Samplers {
    /// Stops them, and waits until the checks they were at are dropped.
    pub async fn stop(mut self) {
        self.0.shutdown().await;
    }
}
