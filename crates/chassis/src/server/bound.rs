//! Bound listeners, from the first accepted connection to the report of the drain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;

use super::drain::serve::{Group, drain, log_report};
#[cfg(feature = "fast-path")]
use super::fast::record::FastListener;
use super::http::middleware::{self, Settings};
use super::listen::accept;
use super::listen::bind::BoundListener;
use super::listen::descriptors::ConnectionLimits;
use super::listener::{Listener, ListenerState, Role};
use super::record::counters::{Counters, DrainReport};
use super::record::request::RequestRecorder;
use crate::drain::DrainArgs;
use crate::health::Health;
use crate::limits::LimitArgs;
use crate::shutdown::{Aborted, Signals};
use crate::telemetry::Telemetry;

/// Listeners with their sockets; clients that connect wait until [`Bound::serve`].
#[derive(Debug)]
#[must_use = "bound listeners answer nothing until `serve` is called"]
pub struct Bound {
    drain: DrainArgs,
    process: Process,
    listeners: Vec<BoundListener>,
}

/// State that all listeners of the process share.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) limits: LimitArgs,
    pub(crate) connections: ConnectionLimits,
    pub(crate) health: Health,
    pub(crate) telemetry: Telemetry,
    pub(crate) counters: Arc<Counters>,
}

impl Bound {
    pub(crate) fn new(drain: DrainArgs, process: Process, listeners: Vec<BoundListener>) -> Self {
        Self { drain, process, listeners }
    }

    /// Returns the actual address of a listener, also if port 0 was requested; `None` if there is no listener of that name.
    #[must_use]
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.listeners.iter().find(|bound| bound.listener.name == name).map(|bound| bound.address)
    }

    /// Name and actual address of every listener.
    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        self.listeners.iter().map(|bound| (bound.listener.name, bound.address))
    }

    /// Serves until the first of `signals` has led to a complete drain.
    ///
    /// Dropping the future cuts every connection.
    ///
    /// # Errors
    /// [`Aborted`] if a second signal came before the drain was complete; every connection is cut.
    pub async fn serve(self, mut signals: Signals) -> Result<DrainReport, Aborted> {
        let Process { health, counters, .. } = &self.process;
        let mut traffic = Group::new();
        let mut internal = Group::new();
        for bound in self.listeners {
            tracing::info!(target: "lifecycle", listener = bound.listener.name, address = %bound.address, "listening");
            let group = if bound.listener.role == Role::Traffic { &mut traffic } else { &mut internal };
            start(group, bound, &self.process);
        }

        let signal = signals.next().await;
        let begun = Instant::now();
        let [min, max, requests] =
            [self.drain.min, self.drain.accept_max, self.drain.requests_max].map(humantime::format_duration);
        // A person who pressed Ctrl-C must see why the process is still there.
        tracing::info!(
            target: "lifecycle",
            signal,
            accepting_for = format!("{min} to {max}"),
            finishing_for = format!("up to {requests}"),
            "draining"
        );
        health.begin_drain();
        let drained = tokio::select! {
            () = drain(&self.drain, counters, health, &mut traffic, &mut internal) => Ok(()),
            signal = signals.next() => Err(Aborted { signal }),
        };
        if drained.is_err() {
            traffic.cut().await;
            internal.cut().await;
        }
        let report = counters.report(begun.elapsed());
        log_report(&report, &counters.cut_by_listener(), drained);
        drained.map(|()| report)
    }
}

/// Starts the accept loop of one listener.
fn start(group: &mut Group, bound: BoundListener, process: &Process) {
    let BoundListener { listener, socket, .. } = bound;
    let heartbeat = (listener.role == Role::Traffic).then(|| process.health.watch_loop());
    let state = Arc::new(state_of(listener, process));
    group.spawn(|stage| accept::run(socket, state, stage, heartbeat));
}

fn state_of(listener: Listener, process: &Process) -> ListenerState {
    let Process { limits, connections, telemetry, counters, .. } = process;
    let recorder = Arc::new(RequestRecorder::new(listener.name, telemetry.clone()));
    let settings = Settings {
        recorder: Arc::clone(&recorder),
        handler_time: limits.handler_time,
        body_bytes: limits.body_bytes,
        counters: Arc::clone(counters),
    };
    ListenerState {
        name: listener.name,
        role: listener.role,
        probes: listener.probes,
        limits: LimitArgs { connections: connections.for_role(listener.role), ..limits.clone() },
        counters: Arc::clone(counters),
        router: middleware::wrap(listener.router, settings),
        #[cfg(feature = "fast-path")]
        fast: listener.fast.map(|routes| FastListener::new(routes, recorder)),
        eviction_declined: Notify::new(),
    }
}
