//! One connection from its first byte to its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};
use tower::Service;

use super::Role;
use super::counters::{Counters, count};
use super::io::Observed;
use super::phase::{Expiry, Phase};
use crate::LimitArgs;

/// How far the stop of a listener has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Serving,
    /// Still accepting, but every answer closes its connection.
    Draining,
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
    // A stage reached before this connection was accepted counts as well.
    stage.mark_changed();

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
            Stage::Finishing => {
                phase.expect_first_byte_until(Instant::now() + LAST_MOMENT);
                connection.as_mut().graceful_shutdown();
            }
            Stage::Cut => {
                if phase.is_in_request() {
                    count(&shared.counters.requests_cut);
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

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Tracked>, Infallible> {
        self.phase.request_begins();
        self.note_traffic(request.uri().path());
        let mut response = self.shared.router.clone().call(request).await?;
        if *self.stage.borrow() >= Stage::Draining {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| Tracked { body, phase: Arc::clone(&self.phase) }))
    }

    fn note_traffic(&self, path: &str) {
        if self.shared.role == Role::Internal || self.shared.probes.contains(&path) {
            return;
        }
        self.shared.counters.traffic_seen();
        if self.opened_late && !self.counted.swap(true, Ordering::Relaxed) {
            count(&self.shared.counters.late_arrivals);
        }
    }
}

/// A body that tells the phase when the answer is over: hyper drops it after the last frame.
struct Tracked {
    body: Body,
    phase: Arc<Phase>,
}

impl HttpBody for Tracked {
    type Data = <Body as HttpBody>::Data;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.phase.request_ends();
    }
}

/// One timer for all deadlines of a connection. It is set again only when a deadline comes nearer; when it fires early
/// it looks anew, so that a busy connection seldom touches the timer wheel.
#[derive(Default)]
struct Watchdog(Option<Pin<Box<Sleep>>>);

impl Watchdog {
    async fn expired(&mut self, phase: &Phase, limits: &LimitArgs) -> Expiry {
        poll_fn(|cx| self.poll(cx, phase, limits)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>, phase: &Phase, limits: &LimitArgs) -> Poll<Expiry> {
        loop {
            let Some((deadline, expiry)) = phase.deadline(limits) else { return Poll::Pending };
            let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() > deadline || timer.is_elapsed() {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if deadline <= Instant::now() {
                return Poll::Ready(expiry);
            }
        }
    }
}
