//! Connection: one task that drives it, its state, and its deadlines.
//!
//! May know: bytes, time, the stage of the drain, and `http` by its two entry points (the service, and the rewriter of
//! hyper's responses). May not know: routes, headers, addresses to listen on.

pub(crate) mod bodies;
pub(crate) mod driver;
pub(crate) mod eviction;
mod io;
pub(crate) mod state;
mod sync;
pub(crate) mod tracker;
mod watchdog;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::drain::stage::{Stage, Stages};
use super::http::requests::Requests;
use super::listen::seats::{Seat, evictable};
use super::listener::ListenerState;
use super::record::counters::OpenConnection;
use super::record::reasons::CloseReason;
use driver::ConnectionDriver;
use watchdog::Watchdog;

/// Time for the first byte of a connection that was accepted just before accepting stopped.
const LAST_CHANCE: Duration = Duration::from_secs(1);

/// A connection that was just accepted.
pub(crate) struct Accepted {
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) seat: Arc<Seat>,
    /// Counts the connection as open until it ends.
    pub(crate) open: OpenConnection,
}

/// Serves one connection to its end.
pub(crate) async fn serve(accepted: Accepted, listener: Arc<ListenerState>, stage: watch::Receiver<Stage>) {
    let Accepted { stream, peer, seat, open: _open } = accepted;
    let state = Arc::clone(seat.state());
    let requests = Requests::new(Arc::clone(&listener), Arc::clone(&state), stage.clone(), peer);
    #[cfg(feature = "fast-path")]
    let mut driver = super::fast::driver::FastDriver::new(stream, requests);
    #[cfg(not(feature = "fast-path"))]
    let mut driver = driver::HyperDriver::new(stream, axum::body::Bytes::new(), requests);
    let mut watchdog = Watchdog::default();
    let mut stages = Stages::new(stage);
    poll_fn(|cx| {
        seat.register(cx.waker());
        Poll::Ready(())
    })
    .await;

    loop {
        // In this order, because the state changes only while the connection is polled.
        let event = poll_fn(|cx| {
            let asked = state.is_eviction_requested().then(|| evictable(&state));
            if driver.poll(cx).is_ready() {
                return Poll::Ready(Event::Ended);
            }
            if let Some(before) = asked {
                // Only if nothing has arrived that the listener did not know of.
                if before.is_some() && before == evictable(&state) {
                    return Poll::Ready(Event::Close(CloseReason::Evicted));
                }
                state.decline_eviction();
                listener.eviction_declined.notify_one();
            }
            if let Poll::Ready(reason) = watchdog.poll(cx, &state, &listener.limits) {
                return Poll::Ready(Event::Close(reason));
            }
            stages.poll(cx).map(Event::Reached)
        });
        match event.await {
            Event::Ended => return,
            Event::Close(reason) => return close(&listener, reason),
            Event::Reached(Stage::Serving | Stage::Draining) => {}
            Event::Reached(Stage::Leaving(_) | Stage::Finishing) => {
                // The drain would not wait for a request that is still arriving. Its response closes the connection anyway.
                if !state.expects_request(Instant::now() + LAST_CHANCE, &listener.limits) {
                    if !state.has_request() {
                        listener.counters.connection_closed(CloseReason::Drain);
                    }
                    driver.shut_down();
                }
            }
            Event::Reached(Stage::Cut) => {
                listener.counters.connection_closed(CloseReason::Cut);
                if state.has_request() {
                    listener.counters.request_cut(listener.name);
                }
                return;
            }
        }
    }
}

fn close(listener: &ListenerState, reason: CloseReason) {
    if reason.is_deadline() {
        tracing::debug!(listener = listener.name, reason = reason.label(), "connection expired");
    }
    listener.counters.connection_closed(reason);
}

/// Event that ends one wait of a connection's task.
enum Event {
    Ended,
    /// This side closes the connection: a deadline has passed, or the listener needs room for another one.
    Close(CloseReason),
    Reached(Stage),
}
