//! One connection from its first byte to its end.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::Role;
use super::conversation::Conversation;
use super::counters::{Counters, OpenConnection};
use super::exchange::Observer;
use super::fast_path::FastRoutes;
use super::reasons::Closed;
use super::requests::Requests;
use super::seats::{Seat, spared};
use super::stage::{Stage, Stages};
use super::watchdog::Watchdog;
use crate::LimitArgs;

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
    /// Told when a connection that was asked to leave stays.
    pub(super) stayed: Notify,
}

#[cfg(any(test, fuzzing))]
impl Shared {
    /// Of a listener without routes that tells nobody anything.
    #[expect(clippy::expect_used, reason = "tests and fuzz targets only")]
    pub(super) fn silent() -> Self {
        let telemetry = crate::telemetry::Telemetry::silent().expect("a thread can be started");
        Self {
            name: "public",
            role: Role::Traffic,
            probes: Vec::new(),
            limits: LimitArgs::default(),
            counters: Arc::new(Counters::new()),
            observer: Arc::new(Observer::new("public", &[], telemetry)),
            fast: None,
            router: Router::new(),
            stayed: Notify::new(),
        }
    }
}

/// Time for a connection that was opened in the last moment before accepting stopped to send its first byte.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Serves one connection to its end. It counts as open until then.
pub(super) async fn serve(
    stream: TcpStream,
    shared: Arc<Shared>,
    seat: Arc<Seat>,
    stage: watch::Receiver<Stage>,
    _open: OpenConnection,
) {
    let phase = Arc::clone(seat.phase());
    let requests = Requests::new(Arc::clone(&shared), Arc::clone(&phase), stage.clone());
    let mut conversation = Conversation::new(stream, requests);
    let mut watchdog = Watchdog::default();
    let mut stages = Stages::new(stage);
    poll_fn(|cx| {
        seat.register(cx.waker());
        Poll::Ready(())
    })
    .await;

    loop {
        // In this order, because the phase changes only while the connection is polled.
        let turn = poll_fn(|cx| {
            let asked = phase.is_asked_to_leave().then(|| spared(&phase));
            if conversation.poll(cx).is_ready() {
                return Poll::Ready(Turn::Ended);
            }
            if let Some(before) = asked {
                // Only if nothing has come that the listener did not know of.
                if before.is_some() && before == spared(&phase) {
                    return Poll::Ready(Turn::Evicted);
                }
                phase.stay();
                shared.stayed.notify_one();
            }
            if let Poll::Ready(reason) = watchdog.poll(cx, &phase, &shared.limits) {
                return Poll::Ready(Turn::Expired(reason));
            }
            stages.poll(cx).map(Turn::Reached)
        });
        match turn.await {
            Turn::Ended => return,
            Turn::Expired(reason) => {
                tracing::debug!(listener = shared.name, reason = reason.label(), "connection expired");
                shared.counters.connection_closed(reason);
                return;
            }
            Turn::Evicted => {
                shared.counters.connection_closed(Closed::Evicted);
                return;
            }
            Turn::Reached(Stage::Serving | Stage::Draining) => {}
            Turn::Reached(Stage::Leaving(_) | Stage::Finishing) => {
                // A request that is still on its way would not be waited for. Its answer closes the connection anyway.
                if !phase.expects_request(Instant::now() + LAST_MOMENT, &shared.limits) {
                    if !phase.is_in_request() {
                        shared.counters.connection_closed(Closed::Drain);
                    }
                    conversation.leave();
                }
            }
            Turn::Reached(Stage::Cut) => {
                shared.counters.connection_closed(Closed::Cut);
                if phase.is_in_request() {
                    shared.counters.request_cut(shared.name);
                }
                return;
            }
        }
    }
}

/// What a turn of a connection's task came to.
enum Turn {
    Ended,
    Expired(Closed),
    /// It is closed so that another one can be accepted.
    Evicted,
    Reached(Stage),
}
