//! Builder of a server: collects listeners and binds them.

use std::sync::Arc;

use super::bound::{Bound, Process};
use super::listen::bind::{self, BindErrors};
use super::listen::descriptors;
use super::listener::{Listener, Role};
use super::record::counters::Counters;
use crate::drain::DrainArgs;
use crate::health::Health;
use crate::limits::LimitArgs;
use crate::telemetry::Telemetry;

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
    /// A server without listeners that records its requests in `telemetry`.
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
    /// All addresses that cannot be bound, not only the first.
    pub async fn bind(self) -> Result<Bound, BindErrors> {
        let roles: Vec<Role> = self.listeners.iter().map(|listener| listener.role).collect();
        let listeners = bind::all(self.listeners)?;
        let counters = Arc::new(Counters::new());
        #[cfg(feature = "metrics")]
        counters.register(self.telemetry.metrics());
        let process = Process {
            connections: descriptors::fit(&self.limits, &roles),
            limits: self.limits,
            health: self.health,
            telemetry: self.telemetry,
            counters,
        };
        Ok(Bound::new(self.drain, process, listeners))
    }
}
