//! Accept loop of one listener, and the connections that the loop owns.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::seats::{Seat, Seats};
use crate::health::{HEARTBEAT_INTERVAL, Heartbeat};
use crate::server::connection;
use crate::server::connection::tracker::ConnectionState;
use crate::server::drain::stage::Stage;
use crate::server::listener::ListenerState;
use crate::server::record::counters::count;

/// Minimum time between two warnings of one accept loop.
const WARN_INTERVAL: Duration = Duration::from_secs(10);

/// Time between two searches for a connection to evict, while all were busy at the last one.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// Accepts until [`Stage::Finishing`], then waits for the connections to end.
///
/// Dropping the future cuts all connections.
pub(crate) async fn run(
    socket: TcpListener,
    listener: Arc<ListenerState>,
    mut stage: watch::Receiver<Stage>,
    heartbeat: Option<Heartbeat>,
) {
    let mut connections = Connections::new(Arc::clone(&listener), stage.clone());
    let mut backoff = AcceptBackoff::default();
    let mut beats = interval(HEARTBEAT_INTERVAL);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);

    while *stage.borrow() < Stage::Finishing {
        let is_waiting = connections.waiting.is_some();
        tokio::select! {
            changed = stage.changed() => if changed.is_err() { break },
            Some(ended) = connections.tasks.join_next_with_id() => connections.ended(ended),
            accepted = socket.accept(), if !is_waiting => match accepted {
                Ok((stream, peer)) => {
                    backoff.reset();
                    connections.admit(stream, peer, &mut backoff);
                }
                Err(error) => {
                    count(&listener.counters.accept_errors);
                    let pause = backoff.pause_after(listener.name, &error);
                    if !pause.is_zero() {
                        connections.seats.evict_one();
                        sleep(pause).await;
                    }
                }
            },
            () = listener.eviction_declined.notified(), if is_waiting => connections.make_room(),
            () = sleep(RETRY_INTERVAL), if is_waiting => connections.make_room(),
            _ = beats.tick(), if heartbeat.is_some() => heartbeat.iter().for_each(Heartbeat::beat),
        }
    }

    if let Err(error) = connections.open_backlog(socket) {
        tracing::warn!(
            listener = listener.name,
            error = %error,
            "cannot accept the last waiting connections: their clients must connect again"
        );
    }
    if let Some(heartbeat) = heartbeat {
        heartbeat.stop();
    }
    while connections.tasks.join_next().await.is_some() {}
}

struct Connections {
    listener: Arc<ListenerState>,
    stage: watch::Receiver<Stage>,
    tasks: JoinSet<()>,
    seats: Seats,
    /// Connection accepted beyond the limit, until another one ends.
    waiting: Option<(TcpStream, SocketAddr)>,
}

impl Connections {
    fn new(listener: Arc<ListenerState>, stage: watch::Receiver<Stage>) -> Self {
        Self { listener, stage, tasks: JoinSet::new(), seats: Seats::default(), waiting: None }
    }

    fn is_full(&self) -> bool {
        self.tasks.len() >= usize::try_from(self.listener.limits.connections).unwrap_or(usize::MAX)
    }

    /// Opens a connection, or lets it wait for another one to end.
    fn admit(&mut self, stream: TcpStream, peer: SocketAddr, backoff: &mut AcceptBackoff) {
        if !self.is_full() {
            return self.open(stream, peer);
        }
        self.waiting = Some((stream, peer));
        let ListenerState { name, limits, counters, .. } = &*self.listener;
        let connections = limits.connections;
        if self.seats.evict_one() {
            backoff.warn_throttled(|| {
                tracing::warn!(
                    listener = name,
                    connections,
                    "at the limit of connections: the longest idle is closed for each new one"
                );
            });
        } else {
            count(&counters.accept_pauses);
            backoff.warn_throttled(|| {
                tracing::warn!(
                    listener = name,
                    connections,
                    "at the limit of connections, all of them busy: new ones wait"
                );
            });
        }
    }

    /// Searches again for a connection to evict.
    fn make_room(&mut self) {
        self.seats.evict_one();
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        self.seats.leave(ended.map_or_else(|error| error.id(), |(task, ())| task));
        if let Some((stream, peer)) = self.waiting.take() {
            self.open(stream, peer);
        }
    }

    fn open(&mut self, stream: TcpStream, peer: SocketAddr) {
        // Responses are small; one that waits for the client's delayed acknowledgement costs 40 ms.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let open = self.listener.counters.connection_opened();
        let seat = Arc::new(Seat::new(Arc::new(ConnectionState::new())));
        let accepted = connection::Accepted { stream, peer, seat: Arc::clone(&seat), open };
        let serve = connection::serve(accepted, Arc::clone(&self.listener), self.stage.clone());
        self.seats.take(self.tasks.spawn(serve).id(), seat);
    }

    /// Opens the connections that the kernel has already accepted: closing the socket would reset them. Calls the kernel
    /// directly, since the runtime learns of a waiting connection only when it next polls for events.
    fn open_backlog(&mut self, socket: TcpListener) -> io::Result<()> {
        if let Some((stream, peer)) = self.waiting.take() {
            self.open(stream, peer);
        }
        let socket = socket.into_std()?;
        while !self.is_full() {
            let (stream, peer) = match socket.accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                accepted => accepted?,
            };
            stream.set_nonblocking(true)?;
            self.open(TcpStream::from_std(stream)?, peer);
        }
        Ok(())
    }
}

/// Backoff that stops a failing accept from spinning and from filling the log.
#[derive(Default)]
struct AcceptBackoff {
    pause: Duration,
    warned: Option<Instant>,
}

impl AcceptBackoff {
    /// Pause before the next accept. Zero after a failure of one peer. Without descriptors or memory it grows from 10 ms to
    /// 1 s, since the cause remains until connections close.
    fn pause_after(&mut self, listener: &'static str, error: &io::Error) -> Duration {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
            return Duration::ZERO;
        }
        self.warn_throttled(|| tracing::warn!(listener, error = %error, "accept failed"));
        self.pause = (self.pause * 2).clamp(Duration::from_millis(10), Duration::from_secs(1));
        self.pause
    }

    fn reset(&mut self) {
        self.pause = Duration::ZERO;
    }

    fn warn_throttled(&mut self, warn: impl FnOnce()) {
        if self.warned.is_none_or(|before| before.elapsed() >= WARN_INTERVAL) {
            warn();
            self.warned = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use super::AcceptBackoff;

    #[test]
    fn pause_grows_until_an_accept_succeeds() {
        let mut backoff = AcceptBackoff::default();
        let mut pause_ms = || backoff.pause_after("public", &io::Error::from_raw_os_error(24)).as_millis();
        let pauses: Vec<_> = std::iter::repeat_with(&mut pause_ms).take(9).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        backoff.reset();
        let error = io::Error::from_raw_os_error(24);
        assert_eq!(backoff.pause_after("public", &error), Duration::from_millis(10));
    }

    #[test]
    fn failure_of_one_peer_causes_no_pause() {
        let error = io::Error::from(io::ErrorKind::ConnectionAborted);
        assert_eq!(AcceptBackoff::default().pause_after("public", &error), Duration::ZERO);
    }
}
