//! The drain of a server: accept late traffic, send idle clients away, finish requests in flight, cut the rest.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use super::stage::Stage;
use crate::drain::DrainArgs;
use crate::health::Health;
use crate::server::record::counters::{Counters, DrainReport};
use crate::shutdown::Aborted;

/// Time for requests in flight on internal listeners, after traffic has ended.
const INTERNAL_REQUESTS_MAX: Duration = Duration::from_secs(1);

/// Time for connections to notice that they are cut; only a handler that blocks its thread takes longer.
const CUT_MAX: Duration = Duration::from_secs(1);

/// Drains both groups of listeners, traffic first.
pub(crate) async fn drain(
    args: &DrainArgs,
    counters: &Counters,
    health: &Health,
    traffic: &mut Group,
    internal: &mut Group,
) {
    traffic.enter(Stage::Draining);
    until_moved(args, counters, health, traffic).await;
    traffic.enter(Stage::Finishing);
    health.end_long_responses(true);
    traffic.finish(args.requests_max).await;
    internal.finish(INTERNAL_REQUESTS_MAX).await;
}

/// Returns when traffic has moved to other replicas and the minimum time is over, or when the maximum time is over.
///
/// A quiet listener alone does not prove that traffic has moved: clients may hold idle connections and long responses, and
/// their load balancer may still route new connections here. So when the listener is quiet, these clients are sent away
/// while it still accepts; quiet counts once none of them has come back.
async fn until_moved(args: &DrainArgs, counters: &Counters, health: &Health, traffic: &Group) {
    let begun = Instant::now();
    let latest = begun + args.accept_max;
    let mut earliest = begun;
    let mut sent_away = begun;
    for round in 0.. {
        until_quiet(counters, args.quiet, sent_away, earliest, latest).await;
        let has_moved = round > 0 && counters.last_traffic() < sent_away;
        if has_moved || Instant::now() >= latest {
            return;
        }
        earliest = begun + args.min;
        sent_away = Instant::now();
        traffic.enter(Stage::Leaving(round));
        // After the stage, so that the connection of a long response closes with it.
        health.end_long_responses(false);
    }
}

/// Returns when no traffic has come for `quiet` after `since`: not before `earliest`, and not after `latest`.
async fn until_quiet(
    counters: &Counters,
    quiet: Duration,
    since: Instant,
    earliest: Instant,
    latest: Instant,
) {
    loop {
        let end = (counters.last_traffic().max(since) + quiet).max(earliest).min(latest);
        if Instant::now() >= end {
            return;
        }
        sleep_until(end.into()).await;
    }
}

/// Logs the report of the drain.
pub(crate) fn log_report(report: &DrainReport, cut: &str, drained: Result<(), Aborted>) {
    tracing::info!(
        target: "lifecycle",
        aborted = drained.is_err(),
        connections = report.connections,
        late_arrivals = report.late_arrivals,
        requests_cut = report.requests_cut,
        requests_refused = report.requests_refused,
        cut_on = (!cut.is_empty()).then_some(cut),
        drain_ms = report.drain_time.as_secs_f64() * 1000.0,
        "stopped serving"
    );
}

/// Listeners that pass the stages together.
pub(crate) struct Group {
    stage: watch::Sender<Stage>,
    loops: JoinSet<()>,
}

impl Group {
    pub(crate) fn new() -> Self {
        Self { stage: watch::Sender::new(Stage::Serving), loops: JoinSet::new() }
    }

    /// Starts the accept loop that `start` returns for the group's stage.
    pub(crate) fn spawn<F>(&mut self, start: impl FnOnce(watch::Receiver<Stage>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.loops.spawn(start(self.stage.subscribe()));
    }

    fn enter(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    /// Stops accepting, waits for requests in flight, and cuts the rest after `requests_max`.
    async fn finish(&mut self, requests_max: Duration) {
        self.enter(Stage::Finishing);
        if timeout(requests_max, self.ended()).await.is_err() {
            self.cut().await;
        }
    }

    /// Cuts all connections.
    pub(crate) async fn cut(&mut self) {
        self.enter(Stage::Cut);
        // A connection that has not noticed in time ends with the process.
        let _ = timeout(CUT_MAX, self.ended()).await;
    }

    async fn ended(&mut self) {
        while self.loops.join_next().await.is_some() {}
    }
}
