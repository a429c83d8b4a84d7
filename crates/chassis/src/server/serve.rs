//! From the bound sockets to the last answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use super::bind::BoundListener;
use super::connection::Shared;
use super::counters::{Counters, Served};
use super::descriptors::Room;
use super::exchange::Observer;
use super::stack::{self, Settings};
use super::stage::Stage;
use super::{Role, accept};
use crate::shutdown::{Aborted, Signals};
use crate::telemetry::Telemetry;
use crate::{DrainArgs, Health, LimitArgs};

/// Time for the requests in flight on internal listeners, after traffic is over.
const INTERNAL_REQUESTS_MAX: Duration = Duration::from_secs(1);

/// Time for connections to notice that they are cut; only a handler that blocks its thread takes longer.
const CUT_MAX: Duration = Duration::from_secs(1);

/// Listeners that hold their addresses; clients that connect wait until [`Bound::serve`].
#[derive(Debug)]
#[must_use = "bound listeners answer nothing until `serve` is called"]
pub struct Bound {
    drain: DrainArgs,
    process: Process,
    listeners: Vec<BoundListener>,
}

/// What all listeners of the process share.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) limits: LimitArgs,
    pub(super) room: Room,
    pub(super) health: Health,
    pub(super) telemetry: Telemetry,
    pub(super) counters: Arc<Counters>,
}

impl Bound {
    pub(super) fn new(drain: DrainArgs, process: Process, listeners: Vec<BoundListener>) -> Self {
        Self { drain, process, listeners }
    }

    /// Real address of a listener, also when it asked for port 0; none when there is no listener of that name.
    #[must_use]
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.listeners.iter().find(|bound| bound.listener.name == name).map(|bound| bound.address)
    }

    /// Name and real address of every listener.
    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        self.listeners.iter().map(|bound| (bound.listener.name, bound.address))
    }

    /// Serves until the first of `signals` has led to a complete drain.
    ///
    /// Dropping the future cuts every connection.
    ///
    /// # Errors
    /// [`Aborted`] when a second signal came before the drain was over; every connection is cut.
    pub async fn serve(self, mut signals: Signals) -> Result<Served, Aborted> {
        let Process { health, counters, .. } = &self.process;
        let mut traffic = Group::new();
        let mut internal = Group::new();
        for bound in self.listeners {
            tracing::info!(target: "lifecycle", listener = bound.listener.name, address = %bound.address, "listening");
            let group = if bound.listener.role == Role::Traffic { &mut traffic } else { &mut internal };
            group.start(bound, &self.process);
        }

        let signal = signals.next().await;
        let begun = Instant::now();
        tracing::info!(target: "lifecycle", signal, "draining");
        health.begin_drain();
        let drained = tokio::select! {
            () = drain(&self.drain, counters, health, &mut traffic, &mut internal) => Ok(()),
            signal = signals.next() => Err(Aborted { signal }),
        };
        if drained.is_err() {
            traffic.cut().await;
            internal.cut().await;
        }
        let served = counters.report(begun.elapsed());
        log_end(&served, &counters.cut_by_listener(), drained);
        drained.map(|()| served)
    }
}

async fn drain(
    args: &DrainArgs,
    counters: &Counters,
    health: &Health,
    traffic: &mut Group,
    internal: &mut Group,
) {
    traffic.reach(Stage::Draining);
    until_moved(args, counters, health, traffic).await;
    traffic.reach(Stage::Finishing);
    health.end_long_answers(true);
    traffic.finish(args.requests_max).await;
    internal.finish(INTERNAL_REQUESTS_MAX).await;
}

/// Returns when traffic has moved elsewhere and the least time is over, or when the most time is.
///
/// Quiet alone does not say that traffic has moved: clients may sit on idle connections and long answers, and their
/// balancer may still lead new connections here. So when it is quiet they are sent away while the door is still open, and
/// quiet counts once none of them has come back.
async fn until_moved(args: &DrainArgs, counters: &Counters, health: &Health, traffic: &Group) {
    let begun = Instant::now();
    let most = begun + args.accept_max;
    let mut least = begun;
    let mut sent_away = begun;
    for round in 0.. {
        until_quiet(counters, args.quiet, sent_away, least, most).await;
        let is_moved = round > 0 && counters.last_traffic() < sent_away;
        if is_moved || Instant::now() >= most {
            return;
        }
        least = begun + args.min;
        sent_away = Instant::now();
        traffic.reach(Stage::Leaving(round));
        // After the stage, so that the connection of a long answer closes with it.
        health.end_long_answers(false);
    }
}

/// Returns when no traffic has come for `quiet` after `since`, not before `least`, and at `most` in any case.
async fn until_quiet(counters: &Counters, quiet: Duration, since: Instant, least: Instant, most: Instant) {
    loop {
        let end = (counters.last_traffic().max(since) + quiet).max(least).min(most);
        if Instant::now() >= end {
            return;
        }
        sleep_until(end.into()).await;
    }
}

fn log_end(served: &Served, cut: &str, drained: Result<(), Aborted>) {
    tracing::info!(
        target: "lifecycle",
        aborted = drained.is_err(),
        connections = served.connections,
        late_arrivals = served.late_arrivals,
        requests_cut = served.requests_cut,
        requests_refused = served.requests_refused,
        cut_on = (!cut.is_empty()).then_some(cut),
        drain_ms = served.drain_time.as_secs_f64() * 1000.0,
        "stopped serving"
    );
}

/// Listeners that stop together.
struct Group {
    stage: watch::Sender<Stage>,
    loops: JoinSet<()>,
}

impl Group {
    fn new() -> Self {
        Self { stage: watch::Sender::new(Stage::Serving), loops: JoinSet::new() }
    }

    fn start(&mut self, bound: BoundListener, process: &Process) {
        let Process { limits, room, health, telemetry, counters } = process;
        let listener = bound.listener;
        let fast_routes = listener.fast.as_ref().map_or(&[][..], |fast| &fast.routes);
        let observer = Arc::new(Observer::new(listener.name, fast_routes, telemetry.clone()));
        let settings = Settings {
            observer: Arc::clone(&observer),
            handler_time: limits.handler_time,
            body_bytes: limits.body_bytes,
            counters: Arc::clone(counters),
        };
        let heartbeat = (listener.role == Role::Traffic).then(|| health.watch_loop());
        let shared = Shared {
            name: listener.name,
            role: listener.role,
            probes: listener.probes,
            limits: LimitArgs { connections: room.of(listener.role), ..limits.clone() },
            counters: Arc::clone(counters),
            observer,
            fast: listener.fast,
            router: stack::wrap(listener.router, settings),
            stayed: Notify::new(),
        };
        self.loops.spawn(accept::run(bound.socket, Arc::new(shared), self.stage.subscribe(), heartbeat));
    }

    fn reach(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    /// Stops accepting, gives requests in flight their time, and cuts what is left.
    async fn finish(&mut self, requests_max: Duration) {
        self.reach(Stage::Finishing);
        if timeout(requests_max, self.ended()).await.is_err() {
            self.cut().await;
        }
    }

    async fn cut(&mut self) {
        self.reach(Stage::Cut);
        // Whoever has not noticed in time ends with the process.
        let _ = timeout(CUT_MAX, self.ended()).await;
    }

    async fn ended(&mut self) {
        while self.loops.join_next().await.is_some() {}
    }
}
