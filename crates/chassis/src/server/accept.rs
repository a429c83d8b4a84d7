//! The accept loop of one listener, and the connections it owns.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::connection::{self, Shared};
use super::counters::count;
use super::phase::Phase;
use super::seats::{Seat, Seats};
use super::stage::Stage;
use crate::health::{BEAT, Heartbeat};

/// Between two log lines about the same trouble.
const COMPLAINT_EVERY: Duration = Duration::from_secs(10);

/// Between two looks for a connection that can go, while all were busy at the last one.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Accepts until the stage says otherwise, then waits for the connections to end.
///
/// Dropping the future cuts all connections.
pub(super) async fn run(
    socket: TcpListener,
    shared: Arc<Shared>,
    mut stage: watch::Receiver<Stage>,
    heartbeat: Option<Heartbeat>,
) {
    let mut connections = Connections::new(Arc::clone(&shared), stage.clone());
    let mut trouble = Trouble::default();
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);

    while *stage.borrow() < Stage::Finishing {
        let waits = connections.waiting.is_some();
        tokio::select! {
            changed = stage.changed() => if changed.is_err() { break },
            Some(ended) = connections.tasks.join_next_with_id() => connections.ended(ended),
            accepted = socket.accept(), if !waits => match accepted {
                Ok((stream, _)) => {
                    trouble.is_over();
                    connections.admit(stream, &mut trouble);
                }
                Err(error) => {
                    count(&shared.counters.accept_errors);
                    let pause = trouble.pause_after(shared.name, &error);
                    if !pause.is_zero() {
                        connections.seats.ask_one();
                        sleep(pause).await;
                    }
                }
            },
            () = shared.stayed.notified(), if waits => connections.make_room(),
            () = sleep(LOOK_EVERY), if waits => connections.make_room(),
            _ = beats.tick(), if heartbeat.is_some() => heartbeat.iter().for_each(Heartbeat::beat),
        }
    }

    if let Err(error) = connections.open_waiting(socket) {
        tracing::warn!(listener = shared.name, error = %error, "last connections not accepted");
    }
    if let Some(heartbeat) = heartbeat {
        heartbeat.stop();
    }
    while connections.tasks.join_next().await.is_some() {}
}

struct Connections {
    shared: Arc<Shared>,
    stage: watch::Receiver<Stage>,
    tasks: JoinSet<()>,
    seats: Seats,
    /// Accepted beyond the limit, until another one ends.
    waiting: Option<TcpStream>,
}

impl Connections {
    fn new(shared: Arc<Shared>, stage: watch::Receiver<Stage>) -> Self {
        Self { shared, stage, tasks: JoinSet::new(), seats: Seats::default(), waiting: None }
    }

    fn is_full(&self) -> bool {
        self.tasks.len() >= usize::try_from(self.shared.limits.connections).unwrap_or(usize::MAX)
    }

    /// Opens a connection, or has it wait for another one to end.
    fn admit(&mut self, stream: TcpStream, trouble: &mut Trouble) {
        if !self.is_full() {
            return self.open(stream);
        }
        self.waiting = Some(stream);
        let Shared { name, limits, counters, .. } = &*self.shared;
        let connections = limits.connections;
        if self.seats.ask_one() {
            trouble.complain(|| {
                tracing::warn!(
                    listener = name,
                    connections,
                    "at the limit of connections: the longest idle is closed for each new one"
                );
            });
        } else {
            count(&counters.accept_pauses);
            trouble.complain(|| {
                tracing::warn!(
                    listener = name,
                    connections,
                    "at the limit of connections, all of them busy: new ones wait"
                );
            });
        }
    }

    /// Looks again for one that can go.
    fn make_room(&mut self) {
        self.seats.ask_one();
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        self.seats.leave(ended.map_or_else(|error| error.id(), |(task, ())| task));
        if let Some(stream) = self.waiting.take() {
            self.open(stream);
        }
    }

    fn open(&mut self, stream: TcpStream) {
        // Answers are small; one held back for the client's delayed acknowledgement costs 40 ms.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let open = self.shared.counters.connection_opens();
        let seat = Arc::new(Seat::new(Arc::new(Phase::new())));
        let serve =
            connection::serve(stream, Arc::clone(&self.shared), Arc::clone(&seat), self.stage.clone(), open);
        self.seats.take(self.tasks.spawn(serve).id(), seat);
    }

    /// Takes what the kernel has already accepted: closing the socket would reset it. Asks the kernel itself, since the
    /// runtime learns of a waiting connection only when it next polls for events.
    fn open_waiting(&mut self, socket: TcpListener) -> io::Result<()> {
        if let Some(stream) = self.waiting.take() {
            self.open(stream);
        }
        let socket = socket.into_std()?;
        while !self.is_full() {
            let (stream, _) = match socket.accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                accepted => accepted?,
            };
            stream.set_nonblocking(true)?;
            self.open(TcpStream::from_std(stream)?);
        }
        Ok(())
    }
}

/// Keeps a failing accept from spinning and the log from filling.
#[derive(Default)]
struct Trouble {
    pause: Duration,
    complained: Option<Instant>,
}

impl Trouble {
    /// How long to wait before the next accept. Not at all after a failure of one peer; out of descriptors or memory,
    /// from 10 ms up to 1 s, since the cause stays until connections close.
    fn pause_after(&mut self, listener: &'static str, error: &io::Error) -> Duration {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
            return Duration::ZERO;
        }
        self.complain(|| tracing::warn!(listener, error = %error, "accept failed"));
        self.pause = (self.pause * 2).clamp(Duration::from_millis(10), Duration::from_secs(1));
        self.pause
    }

    fn is_over(&mut self) {
        self.pause = Duration::ZERO;
    }

    fn complain(&mut self, complaint: impl FnOnce()) {
        if self.complained.is_none_or(|before| before.elapsed() >= COMPLAINT_EVERY) {
            complaint();
            self.complained = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use super::Trouble;

    #[test]
    fn a_lack_of_descriptors_is_waited_out_longer_and_longer_until_an_accept_works() {
        let mut trouble = Trouble::default();
        let mut pause_ms = || trouble.pause_after("public", &io::Error::from_raw_os_error(24)).as_millis();
        let pauses: Vec<_> = std::iter::repeat_with(&mut pause_ms).take(9).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        trouble.is_over();
        let error = io::Error::from_raw_os_error(24);
        assert_eq!(trouble.pause_after("public", &error), Duration::from_millis(10));
    }

    #[test]
    fn a_peer_that_gave_up_costs_the_others_no_time() {
        let error = io::Error::from(io::ErrorKind::ConnectionAborted);
        assert_eq!(Trouble::default().pause_after("public", &error), Duration::ZERO);
    }
}
