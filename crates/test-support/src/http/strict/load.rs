//! Clients that send requests until they are stopped.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{Connection, Expected, Failure, Kind, Server, Tally};

/// So that a server that is gone for a while is not counted ten thousand times.
const AFTER_A_FAILURE: Duration = Duration::from_millis(50);

/// See [`Load::start`].
#[derive(Debug)]
#[must_use = "clients end with it"]
pub struct Load {
    stop: watch::Sender<bool>,
    clients: JoinSet<Tally>,
}

impl Load {
    /// Starts all clients; they end with the returned value.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn start(server: &Server, kinds: &[Kind]) -> Self {
        let stop = watch::Sender::new(false);
        let mut clients = JoinSet::new();
        for kind in kinds {
            for _ in 0..kind.clients {
                let client = Client::new(server.clone(), *kind, stop.subscribe());
                clients.spawn(client.run());
            }
        }
        Self { stop, clients }
    }

    /// Lets each client send one request more, on a connection that may have idled for long. Streams are left.
    pub async fn stop(self) -> Tally {
        self.stop.send_replace(true);
        self.clients.join_all().await.into_iter().fold(Tally::default(), Tally::add)
    }
}

struct Client {
    server: Server,
    kind: Kind,
    stop: watch::Receiver<bool>,
    begun: Instant,
    kept: Option<Connection>,
    tally: Tally,
}

impl Client {
    fn new(server: Server, kind: Kind, stop: watch::Receiver<bool>) -> Self {
        Self { server, kind, stop, begun: Instant::now(), kept: None, tally: Tally::default() }
    }

    async fn run(mut self) -> Tally {
        loop {
            let is_last = *self.stop.borrow();
            let is_stream = matches!(self.kind.expected, Expected::Stream);
            let mut stop = self.stop.clone();
            let outcome = tokio::select! {
                outcome = self.ask() => outcome,
                _ = stop.wait_for(|stop| *stop), if is_stream => return self.tally,
            };
            let pause = self.note(&outcome);
            if is_last {
                return self.tally;
            }
            tokio::select! {
                () = sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    async fn ask(&mut self) -> Result<(), Failure> {
        if let Some(kept) = self.kept.take() {
            match self.ask_on(kept).await {
                Err(Failure::NotSent) => self.tally.closed_idle += 1,
                outcome => return outcome,
            }
        }
        let fresh = Connection::open(&self.server).await?;
        self.ask_on(fresh).await
    }

    async fn ask_on(&mut self, mut connection: Connection) -> Result<(), Failure> {
        let Kind { path, expected, .. } = self.kind;
        match expected {
            Expected::Stream => return connection.follow(path).await,
            Expected::AnyBody => drop(connection.get(path).await?),
            Expected::Body(expected) => {
                let body = connection.get(path).await?;
                if body != expected {
                    return Err(Failure::Seen(format!("{} bytes of another body", body.len())));
                }
            }
        }
        if connection.is_over() {
            self.tally.told_to_close += 1;
        } else {
            self.kept = Some(connection);
        }
        Ok(())
    }

    /// Counts the outcome and returns the pause before the next request.
    fn note(&mut self, outcome: &Result<(), Failure>) -> Duration {
        let Kind { name, pause, .. } = self.kind;
        let failure = match outcome {
            Ok(()) => {
                *self.tally.answered.entry(name).or_default() += 1;
                return pause;
            }
            Err(Failure::NotSent) => "closed before the first request",
            Err(Failure::Seen(text)) => text.as_str(),
        };
        let at = self.begun.elapsed().as_secs_f64();
        self.tally.failures.push(format!("{name}, after {at:.2} s: {failure}"));
        pause.max(AFTER_A_FAILURE)
    }
}
