//! Service: one builder from addresses, routes and dependencies to a process that starts, serves and drains.
//!
//! It performs the steps that have no visible effect if they are left out: it marks the process as started and ready,
//! serves probes and metrics on the admin listener, registers the metrics of dependencies, and flushes spans and log lines.
//! The parts underneath are public; a service that needs another order uses them directly.

use std::net::SocketAddr;
#[cfg(feature = "traces")]
use std::time::Duration;

use axum::Router;

use crate::drain::DrainArgs;
use crate::health::Health;
use crate::limits::LimitArgs;
use crate::probes;
use crate::readiness::{Dependency, InvalidDependency, Readiness, Samplers};
use crate::server::{BindErrors, Bound, Builder, DrainReport, Listener};
use crate::shutdown::{self, Aborted, Signals};
use crate::telemetry::{FlushGuard, InstallError, LIFECYCLE, Level, Options, Telemetry};

/// Maximum time to export the last spans, after the drain.
#[cfg(feature = "traces")]
const TRACE_FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Paths of the probes, which the drain does not count as traffic on any listener.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/startupz"];

/// Entry point: [`Service::builder`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Service;

impl Service {
    /// Begins a service of this name and version, which identify it in logs and traces. Log lines of the crate of the same name
    /// follow the log level.
    pub fn builder(name: &'static str, version: &'static str) -> ServiceBuilder {
        ServiceBuilder {
            name,
            version,
            drain: DrainArgs::default(),
            limits: LimitArgs::default(),
            level: Level::Info,
            own_crates: Vec::new(),
            telemetry: None,
            dependencies: Vec::new(),
            listeners: Vec::new(),
        }
    }
}

/// Parts of a service that its routes may use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Parts {
    /// Health of the process; a long response ends with [`Health::drain_requested`].
    pub health: Health,
    /// State of the dependencies, for [`requires`](crate::readiness::requires).
    pub readiness: Readiness,
    /// Telemetry of the process; own metrics are added to it.
    pub telemetry: Telemetry,
}

type MakeListener = Box<dyn FnOnce(&Parts) -> Listener + Send>;

/// Builder of a service; see [`Service`].
#[must_use = "a builder does nothing until `run` is called"]
pub struct ServiceBuilder {
    name: &'static str,
    version: &'static str,
    drain: DrainArgs,
    limits: LimitArgs,
    level: Level,
    own_crates: Vec<&'static str>,
    telemetry: Option<Telemetry>,
    dependencies: Vec<Dependency>,
    listeners: Vec<MakeListener>,
}

impl std::fmt::Debug for ServiceBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ServiceBuilder {
    /// Serves `router` to clients, on the listener `public`.
    pub fn public(self, address: impl Into<SocketAddr>, router: Router) -> Self {
        self.public_with(address, |_| router)
    }

    /// Serves the router that `routes` returns to clients, on the listener `public`.
    pub fn public_with(
        mut self,
        address: impl Into<SocketAddr>,
        routes: impl FnOnce(&Parts) -> Router + Send + 'static,
    ) -> Self {
        let address = address.into();
        self.listeners
            .push(Box::new(move |parts| Listener::traffic("public", address, routes(parts)).probes(PROBES)));
        self
    }

    /// Serves `router` to operators on the listener `admin`, beside `/livez`, `/readyz`, `/startupz` and, with the feature
    /// `metrics`, `/metrics`.
    ///
    /// # Panics
    /// `run` panics if `router` has one of these routes.
    pub fn admin(mut self, address: impl Into<SocketAddr>, router: Router) -> Self {
        let address = address.into();
        self.listeners.push(Box::new(move |parts| {
            let routes = router.merge(probes::router(parts.health.clone()));
            #[cfg(feature = "metrics")]
            let routes = routes.route("/metrics", parts.telemetry.metrics().route());
            Listener::internal("admin", address, routes)
        }));
        self
    }

    /// Adds a dependency, which is checked in the background.
    pub fn depends_on(mut self, dependency: Dependency) -> Self {
        self.dependencies.push(dependency);
        self
    }

    /// Sets the time budgets of the drain.
    pub fn drain(mut self, drain: DrainArgs) -> Self {
        self.drain = drain;
        self
    }

    /// Sets the limits of every listener.
    pub fn limits(mut self, limits: LimitArgs) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the log level; [`Level::Info`] is the default.
    pub fn log_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Adds crates whose log lines follow the level; lines of other crates are written at warn at most.
    pub fn own_crates(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.own_crates.extend(names);
        self
    }

    /// Uses `telemetry` in place of a new log on standard output.
    pub fn telemetry(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = Some(telemetry);
        self
    }

    /// Starts the service, and serves until a stop signal of the operating system has led to a complete drain.
    ///
    /// # Errors
    /// See [`ServiceError`].
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub async fn run(self) -> Result<DrainReport, ServiceError> {
        let signals = shutdown::signals().map_err(ServiceError::Signals)?;
        self.start().await?.serve(signals).await.map_err(ServiceError::Aborted)
    }

    /// Sets up telemetry, starts the checks of the dependencies, and binds all listeners.
    ///
    /// # Errors
    /// See [`ServiceError`].
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub async fn start(self) -> Result<Started, ServiceError> {
        let telemetry = match self.telemetry {
            Some(telemetry) => telemetry,
            None => {
                let crate_name: &'static str = self.name.replace('-', "_").leak();
                let own_crates = [crate_name].into_iter().chain(self.own_crates).collect();
                Telemetry::install(&Options { level: self.level, own_crates })
                    .map_err(ServiceError::Logging)?
            }
        };
        // Also if a step below fails: its lines are the reason.
        let flush = telemetry.flush_on_drop();
        tracing::info!(target: LIFECYCLE, service = self.name, version = self.version, "starting");
        #[cfg(feature = "traces")]
        export_traces(&telemetry, self.name, self.version);
        let health = Health::new();
        let (readiness, samplers) =
            Readiness::start(self.dependencies, &health).map_err(ServiceError::Dependency)?;
        #[cfg(feature = "metrics")]
        readiness.register(telemetry.metrics());
        let parts = Parts { health, readiness, telemetry };
        let (health, telemetry) = (parts.health.clone(), parts.telemetry.clone());
        let builder = Builder::new(self.drain, self.limits, health, telemetry);
        let listeners = self.listeners.into_iter().map(|make| make(&parts));
        let bound = listeners.fold(builder, Builder::listener).bind().await.map_err(ServiceError::Bind)?;
        if bound.address("admin").is_none() {
            tracing::warn!(target: LIFECYCLE, "no admin listener: probes and metrics are not served");
        }
        Ok(Started { bound, parts, samplers, flush })
    }
}

#[cfg(feature = "traces")]
fn export_traces(telemetry: &Telemetry, name: &str, version: &str) {
    let plan = crate::telemetry::TraceSettings::from_env(|name| std::env::var_os(name), name, version);
    plan.log();
    if let Some(settings) = plan.settings {
        telemetry.export_traces(settings);
    }
}

/// A service whose listeners are bound; clients that connect wait until [`Started::serve`].
#[derive(Debug)]
#[must_use = "a started service answers nothing until `serve` is called"]
pub struct Started {
    bound: Bound,
    parts: Parts,
    samplers: Samplers,
    flush: FlushGuard,
}

impl Started {
    /// Returns the actual address of the listener `public` or `admin`, also if port 0 was requested.
    #[must_use]
    pub fn address(&self, listener: &str) -> Option<SocketAddr> {
        self.bound.address(listener)
    }

    /// Marks the process as started and ready, serves until `signals` have led to a complete drain, stops the checks, and
    /// flushes spans and log lines.
    ///
    /// # Errors
    /// [`Aborted`] if a second signal came before the drain was complete.
    pub async fn serve(self, signals: Signals) -> Result<DrainReport, Aborted> {
        // The guard flushes also if this future is dropped, or panics.
        let Self { bound, parts, samplers, flush: _flush } = self;
        parts.health.mark_started();
        parts.health.mark_ready();
        let served = bound.serve(signals).await;
        samplers.stop().await;
        #[cfg(feature = "traces")]
        parts.telemetry.flush_traces(TRACE_FLUSH_TIMEOUT).await;
        served
    }
}

/// Reason for which a service did not start, or did not end in order.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The log could not be set up.
    #[error(transparent)]
    Logging(InstallError),
    /// The operating system rejected the signal handlers.
    #[error("cannot install signal handlers")]
    Signals(#[source] std::io::Error),
    /// A dependency is declared incorrectly.
    #[error(transparent)]
    Dependency(InvalidDependency),
    /// Some addresses could not be bound.
    #[error(transparent)]
    Bind(BindErrors),
    /// A second signal ended the drain.
    #[error(transparent)]
    Aborted(Aborted),
}
