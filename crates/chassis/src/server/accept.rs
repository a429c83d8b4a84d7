//! The accept loop of one listener, and the connections it owns.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::connection::{self, Shared};
use super::counters::count;
use super::stage::Stage;
use crate::health::{BEAT, Heartbeat};

/// Between two log lines about the same trouble.
const COMPLAINT_EVERY: Duration = Duration::from_secs(10);

/// Accepts until the stage says otherwise, then waits for the connections to end.
///
/// Dropping the future cuts all connections.
pub(super) async fn run(
    socket: TcpListener,
    shared: Arc<Shared>,
    mut stage: watch::Receiver<Stage>,
    heartbeat: Option<Heartbeat>,
) {
    let mut connections = Connections { shared, stage: stage.clone(), tasks: JoinSet::new() };
    let mut trouble = Trouble::default();
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);

    while *stage.borrow() < Stage::Finishing {
        let is_full = connections.is_full();
        tokio::select! {
            changed = stage.changed() => if changed.is_err() { break },
            Some(_) = connections.tasks.join_next() => {}
            accepted = socket.accept(), if !is_full => match accepted {
                Ok((stream, _)) => {
                    trouble.is_over();
                    connections.open(stream);
                }
                Err(error) => {
                    count(&connections.shared.counters.accept_errors);
                    sleep(trouble.pause_after(connections.shared.name, &error)).await;
                }
            },
            _ = beats.tick(), if heartbeat.is_some() => heartbeat.iter().for_each(Heartbeat::beat),
        }
        if !is_full && connections.is_full() {
            count(&connections.shared.counters.accept_pauses);
            trouble.complain(|| {
                let Shared { name, limits, .. } = &*connections.shared;
                tracing::warn!(
                    listener = name,
                    connections = limits.connections,
                    "no more connections accepted"
                );
            });
        }
    }

    if let Err(error) = connections.open_waiting(socket) {
        tracing::warn!(listener = connections.shared.name, error = %error, "last connections not accepted");
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
}

impl Connections {
    fn is_full(&self) -> bool {
        self.tasks.len() >= usize::try_from(self.shared.limits.connections).unwrap_or(usize::MAX)
    }

    fn open(&mut self, stream: TcpStream) {
        // Answers are small; one held back for the client's delayed acknowledgement costs 40 ms.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let open = self.shared.counters.connection_opens();
        self.tasks.spawn(connection::serve(stream, Arc::clone(&self.shared), self.stage.clone(), open));
    }

    /// Takes what the kernel has already accepted: closing the socket would reset it. Asks the kernel itself, since the
    /// runtime learns of a waiting connection only when it next polls for events.
    fn open_waiting(&mut self, socket: TcpListener) -> io::Result<()> {
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
