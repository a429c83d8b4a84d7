//! One connection from its first byte to its end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::unconstrained;
use tokio::time::Instant;

use super::Role;
use super::counters::Counters;
use super::exchange::Observer;
use super::fast_path::FastRoutes;
use super::io::Observed;
use super::phase::Phase;
use super::reasons::Closed;
use super::requests::Requests;
use super::watchdog::Watchdog;
use crate::LimitArgs;

/// How far the stop of a listener has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Serving,
    /// Still accepting, but every answer closes its connection.
    Draining,
    /// The same, but whoever is here from before this round is sent away, to come back elsewhere or to be seen.
    Leaving(u32),
    /// Nothing new; requests in flight finish.
    Finishing,
    /// Whatever is left is cut.
    Cut,
}

/// What all connections of one listener share.
pub(super) struct Shared {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) probes: Vec<&'static str>,
    pub(super) limits: LimitArgs,
    pub(super) counters: Arc<Counters>,
    pub(super) observer: Arc<Observer>,
    pub(super) fast: Option<FastRoutes>,
    pub(super) router: Router,
}

/// Time for a connection that was opened in the last moment before accepting stopped to send its first byte.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Serves one connection to its end.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>, mut stage: watch::Receiver<Stage>) {
    let phase = Arc::new(Phase::new());
    let requests = Requests::new(Arc::clone(&shared), Arc::clone(&phase), stage.clone());
    let io = TokioIo::new(Observed::new(stream, Arc::clone(&phase), Arc::clone(&shared)));
    let mut connection = pin!(protocol(&shared.limits).serve_connection(io, requests));
    let mut watchdog = Watchdog::default();
    // A stage reached before this connection was accepted counts as well, save that it need not leave as it arrives.
    if !matches!(*stage.borrow_and_update(), Stage::Leaving(_)) {
        stage.mark_changed();
    }

    loop {
        // In this order, because the phase changes only while the connection is polled. Deadlines and stages are looked at
        // even if a client that keeps the connection busy has used up the task's budget; else it would have none.
        let reached = tokio::select! {
            biased;
            // A broken connection is the client's business; there is no one left to tell.
            _ = connection.as_mut() => return,
            reason = unconstrained(watchdog.expired(&phase, &shared.limits)) => {
                tracing::debug!(listener = shared.name, reason = reason.label(), "connection expired");
                shared.counters.connection_closed(reason);
                return;
            }
            reached = unconstrained(next_stage(&mut stage)) => reached,
        };
        match reached {
            Stage::Serving | Stage::Draining => {}
            Stage::Leaving(_) | Stage::Finishing => {
                // hyper would close a connection whose request is still on its way. That answer closes it anyway.
                if !phase.expects_request(Instant::now() + LAST_MOMENT) {
                    if !phase.is_in_request() {
                        shared.counters.connection_closed(Closed::Drain);
                    }
                    connection.as_mut().graceful_shutdown();
                }
            }
            Stage::Cut => {
                shared.counters.connection_closed(Closed::Cut);
                if phase.is_in_request() {
                    shared.counters.request_cut(shared.name);
                }
                return;
            }
        }
    }
}

fn protocol(limits: &LimitArgs) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // See `Phase` for why the timer is not hyper's.
        .header_read_timeout(None)
        .max_buf_size(usize::try_from(limits.header_bytes).unwrap_or(usize::MAX))
        .max_headers(usize::from(limits.header_count));
    builder
}

/// A sender that is gone means that the server was aborted.
async fn next_stage(stage: &mut watch::Receiver<Stage>) -> Stage {
    match stage.changed().await {
        Ok(()) => *stage.borrow_and_update(),
        Err(_) => Stage::Cut,
    }
}
