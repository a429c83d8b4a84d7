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
use std::task::{Context, Poll};
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
use tracker::ConnectionState;
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
    let driver = super::fast::driver::FastDriver::new(stream, requests);
    #[cfg(not(feature = "fast-path"))]
    let driver = driver::HyperDriver::new(stream, axum::body::Bytes::new(), requests);
    poll_fn(|cx| {
        seat.register(cx.waker());
        Poll::Ready(())
    })
    .await;
    let mut connection =
        Connection { driver, state, listener, watchdog: Watchdog::default(), stages: Stages::new(stage) };
    loop {
        match poll_fn(|cx| connection.poll_event(cx)).await {
            Event::Ended => return,
            Event::Close(reason) => return connection.close(reason),
            Event::Reached(Stage::Serving | Stage::Draining) => {}
            Event::Reached(Stage::Leaving(_) | Stage::Finishing) => connection.leave(),
            Event::Reached(Stage::Cut) => return connection.cut(),
        }
    }
}

/// Event that ends one wait of a connection's task.
enum Event {
    Ended,
    /// This side closes the connection: a deadline has passed, or the listener needs room for another one.
    Close(CloseReason),
    Reached(Stage),
}

/// Connection of one task.
struct Connection<D> {
    driver: D,
    state: Arc<ConnectionState>,
    listener: Arc<ListenerState>,
    watchdog: Watchdog,
    stages: Stages,
}

impl<D: ConnectionDriver> Connection<D> {
    /// Polls in this order, because the state changes only while the driver is polled.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        let asked = self.state.is_eviction_requested().then(|| evictable(&self.state));
        if self.driver.poll(cx).is_ready() {
            return Poll::Ready(Event::Ended);
        }
        if let Some(before) = asked {
            // Only if nothing has arrived that the listener did not know of.
            if before.is_some() && before == evictable(&self.state) {
                return Poll::Ready(Event::Close(CloseReason::Evicted));
            }
            self.state.decline_eviction();
            self.listener.eviction_declined.notify_one();
        }
        if let Poll::Ready(reason) = self.watchdog.poll(cx, &self.state, &self.listener.limits) {
            return Poll::Ready(Event::Close(reason));
        }
        self.stages.poll(cx).map(Event::Reached)
    }

    /// Ends the connection, unless a request is arriving: the drain would not wait for it, and its response closes the
    /// connection anyway.
    fn leave(&mut self) {
        if self.state.expects_request(Instant::now() + LAST_CHANCE, &self.listener.limits) {
            return;
        }
        if !self.state.has_request() {
            self.listener.counters.connection_closed(CloseReason::Drain);
        }
        self.driver.shut_down();
    }

    fn close(&self, reason: CloseReason) {
        if reason.is_deadline() {
            tracing::debug!(listener = self.listener.name, reason = reason.label(), "connection expired");
        }
        self.listener.counters.connection_closed(reason);
    }

    fn cut(&self) {
        self.listener.counters.connection_closed(CloseReason::Cut);
        if self.state.has_request() {
            self.listener.counters.request_cut(self.listener.name);
        }
    }
}
