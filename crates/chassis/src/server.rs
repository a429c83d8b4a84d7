//! Listeners from builder to report: [`Builder`] names them, [`Bound`] holds their sockets, [`Bound::serve`] serves until
//! drained and returns [`Served`]. None of the steps can be skipped.

mod accept;
mod bind;
mod bodies;
mod connection;
mod conversation;
mod counters;
mod descriptors;
mod exchange;
mod fast_path;
mod framing;
mod front;
#[cfg(fuzzing)]
pub mod fuzzing;
mod io;
mod panics;
mod phase;
mod plain;
mod reasons;
mod refusal;
mod requests;
mod seats;
mod serve;
mod stack;
mod stage;
mod substitute;
mod sync;
mod targets;
mod watchdog;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;

pub use bind::{BindError, BindErrors};
pub use counters::Served;
pub use fast_path::{FastAnswer, FastPath, MemoryAnswer};
pub use serve::Bound;

use counters::Counters;
use fast_path::FastRoutes;
use serve::Process;

use crate::telemetry::Telemetry;
use crate::{DrainArgs, Health, LimitArgs};

/// Whom a listener serves; decides its part in the drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Clients of the service: watched by the drain, closed first.
    Traffic,
    /// Probes, metrics, operators: answers until traffic is over, closed last.
    Internal,
}

/// One address with the routes it answers.
#[derive(Debug)]
pub struct Listener {
    name: &'static str,
    address: SocketAddr,
    router: Router,
    role: Role,
    probes: Vec<&'static str>,
    fast: Option<FastRoutes>,
}

impl Listener {
    /// A listener for clients of the service.
    #[must_use]
    pub fn traffic(name: &'static str, address: SocketAddr, router: Router) -> Self {
        Self { name, address, router, role: Role::Traffic, probes: Vec::new(), fast: None }
    }

    /// A listener for probes, metrics and operators.
    #[must_use]
    pub fn internal(name: &'static str, address: SocketAddr, router: Router) -> Self {
        Self { name, address, router, role: Role::Internal, probes: Vec::new(), fast: None }
    }

    /// Names the paths that load balancers and orchestrators ask for, each with its leading slash; such requests are no
    /// traffic to the drain, also where a path is asked for below a prefix.
    #[must_use]
    pub fn probes(mut self, paths: impl IntoIterator<Item = &'static str>) -> Self {
        self.probes.extend(paths);
        self
    }

    /// Answers `GET` of some of `routes` from memory, by what `make` makes for each connection; the router answers the
    /// rest, and must answer these as well.
    #[must_use]
    pub fn fast_path<P: FastPath + 'static>(
        mut self,
        routes: impl IntoIterator<Item = &'static str>,
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Self {
        let routes = routes.into_iter().collect();
        self.fast = Some(FastRoutes { routes, make: Box::new(move || Box::new(make())) });
        self
    }
}

/// Collects the listeners of a process.
#[derive(Debug)]
#[must_use = "a builder does nothing until `bind` is called"]
pub struct Builder {
    drain: DrainArgs,
    limits: LimitArgs,
    health: Health,
    telemetry: Telemetry,
    listeners: Vec<Listener>,
}

impl Builder {
    /// A process without listeners yet, whose requests are told of to `telemetry`.
    pub fn new(drain: DrainArgs, limits: LimitArgs, health: Health, telemetry: Telemetry) -> Self {
        Self { drain, limits, health, telemetry, listeners: Vec::new() }
    }

    /// Adds a listener.
    pub fn listener(mut self, listener: Listener) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Binds every listener. Asynchronous, because sockets belong to a runtime.
    ///
    /// # Errors
    /// All addresses that cannot be had, not only the first.
    pub async fn bind(self) -> Result<Bound, BindErrors> {
        let roles: Vec<Role> = self.listeners.iter().map(|listener| listener.role).collect();
        let listeners = bind::all(self.listeners)?;
        let counters = Arc::new(Counters::new());
        counters.show(self.telemetry.metrics());
        let process = Process {
            room: descriptors::fit(&self.limits, &roles),
            limits: self.limits,
            health: self.health,
            telemetry: self.telemetry,
            counters,
        };
        Ok(Bound::new(self.drain, process, listeners))
    }
}
