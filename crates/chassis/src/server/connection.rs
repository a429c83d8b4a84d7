//! One connection from its first byte to its end.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::Service;

use super::Role;
use super::bodies::{Download, Upload};
use super::counters::{Counters, count};
use super::io::Observed;
use super::phase::Phase;
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
    pub(super) router: Router,
}

/// Time for a connection that was opened in the last moment before accepting stopped to send its first byte.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Serves one connection to its end.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>, mut stage: watch::Receiver<Stage>) {
    let phase = Arc::new(Phase::new());
    let requests = Arc::new(Requests::new(Arc::clone(&shared), Arc::clone(&phase), stage.clone()));
    let io = TokioIo::new(Observed::new(stream, Arc::clone(&phase)));
    let service = service_fn(move |request| Arc::clone(&requests).answer(request));
    let mut connection = pin!(protocol(&shared.limits).serve_connection(io, service));
    let mut watchdog = Watchdog::default();
    // A stage reached before this connection was accepted counts as well, save that it need not leave as it arrives.
    if !matches!(*stage.borrow_and_update(), Stage::Leaving(_)) {
        stage.mark_changed();
    }

    loop {
        // In this order, because the phase changes only while the connection is polled.
        let reached = tokio::select! {
            biased;
            // A broken connection is the client's business; there is no one left to tell.
            _ = connection.as_mut() => return,
            expiry = watchdog.expired(&phase, &shared.limits) => {
                tracing::debug!(listener = shared.name, reason = ?expiry, "connection expired");
                count(&shared.counters.connections_expired);
                return;
            }
            reached = next_stage(&mut stage) => reached,
        };
        match reached {
            Stage::Serving | Stage::Draining => {}
            Stage::Leaving(_) | Stage::Finishing => {
                // hyper would close a connection whose request is still on its way. That answer closes it anyway.
                if !phase.expects_request(Instant::now() + LAST_MOMENT) {
                    connection.as_mut().graceful_shutdown();
                }
            }
            Stage::Cut => {
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

/// The requests of one connection.
struct Requests {
    shared: Arc<Shared>,
    phase: Arc<Phase>,
    stage: watch::Receiver<Stage>,
    opened_late: bool,
    counted: AtomicBool,
}

impl Requests {
    fn new(shared: Arc<Shared>, phase: Arc<Phase>, stage: watch::Receiver<Stage>) -> Self {
        let opened_late = *stage.borrow() >= Stage::Draining;
        Self { shared, phase, stage, opened_late, counted: AtomicBool::new(false) }
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Download>, Infallible> {
        self.phase.request_begins();
        self.note_traffic(request.uri().path());
        let request = request.map(|body| Upload::new(body, Arc::clone(&self.phase)));
        let mut response = self.shared.router.clone().call(request).await?;
        if *self.stage.borrow() >= Stage::Draining {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| Download::new(body, Arc::clone(&self.phase))))
    }

    fn note_traffic(&self, path: &str) {
        let is_probe = self.shared.probes.iter().any(|probe| path.ends_with(probe));
        if is_probe || self.shared.role == Role::Internal {
            return;
        }
        self.shared.counters.traffic_seen();
        if self.opened_late && !self.counted.swap(true, Ordering::Relaxed) {
            count(&self.shared.counters.late_arrivals);
        }
    }
}
