//! Listeners from builder to report: [`Builder`] names them, [`Bound`] holds their sockets, [`Bound::serve`] serves until
//! drained and returns [`Served`]. None of the steps can be skipped.

mod accept;
mod bind;
mod bodies;
mod connection;
mod counters;
mod io;
mod panics;
mod phase;
mod serve;
mod stack;
mod watchdog;

use std::net::SocketAddr;

use axum::Router;

pub use bind::{BindError, BindErrors};
pub use counters::Served;
pub use serve::Bound;

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
}

impl Listener {
    /// A listener for clients of the service.
    #[must_use]
    pub fn traffic(name: &'static str, address: SocketAddr, router: Router) -> Self {
        Self { name, address, router, role: Role::Traffic, probes: Vec::new() }
    }

    /// A listener for probes, metrics and operators.
    #[must_use]
    pub fn internal(name: &'static str, address: SocketAddr, router: Router) -> Self {
        Self { name, address, router, role: Role::Internal, probes: Vec::new() }
    }

    /// Names the paths that load balancers and orchestrators ask for, each with its leading slash; such requests are no
    /// traffic to the drain, also where a path is asked for below a prefix.
    #[must_use]
    pub fn probes(mut self, paths: impl IntoIterator<Item = &'static str>) -> Self {
        self.probes.extend(paths);
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
    listeners: Vec<Listener>,
}

impl Builder {
    /// A process without listeners yet.
    pub fn new(drain: DrainArgs, limits: LimitArgs, health: Health) -> Self {
        Self { drain, limits, health, listeners: Vec::new() }
    }

    /// Adds a listener.
    pub fn listener(mut self, listener: Listener) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Binds every listener.
    ///
    /// # Errors
    /// All addresses that cannot be had, not only the first.
    pub async fn bind(self) -> Result<Bound, BindErrors> {
        let listeners = bind::all(self.listeners).await?;
        Ok(Bound::new(self.drain, self.limits, self.health, listeners))
    }
}
