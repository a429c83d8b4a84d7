use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chassis::telemetry::LIFECYCLE;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::entry::{Entry, Message};
use super::ledger::Ledger;
use super::records::{Access, AccessKind, Record};
use super::retention::{self, Bounds, Clock};

/// Interval of pruning, and time over which anonymous reads are summed.
const MINUTE: Duration = Duration::from_secs(60);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(5);
/// Number of runs, a minute apart, after which a clock that went back is accepted.
const ACCEPTED_BACK: u32 = 60;

/// Writes the queued records, in order.
#[must_use = "nothing is kept unless the writer runs"]
pub struct Writer {
    ledger: Arc<Ledger>,
    messages: mpsc::Receiver<Message>,
    bounds: Bounds,
    /// Number of runs that found the clock behind the last accepted one.
    behind: u32,
}

impl Writer {
    pub(super) fn new(ledger: Arc<Ledger>, messages: mpsc::Receiver<Message>, bounds: Bounds) -> Self {
        Self { ledger, messages, bounds, behind: 0 }
    }

    /// Runs until dropped. Records still queued then are lost, unless [`Store::flush`](super::Store::flush) was called before.
    pub async fn run(mut self) {
        let mut minutes = interval_at(Instant::now() + MINUTE, MINUTE);
        minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.prune().await;
        loop {
            tokio::select! {
                message = self.messages.recv() => match message {
                    Some(Message::Write(entry)) => self.keep(entry).await,
                    Some(Message::Flush(done)) => {
                        self.keep_anonymous().await;
                        // The caller may have timed out.
                        let _ = done.send(());
                    }
                    None => return,
                },
                _ = minutes.tick() => {
                    self.keep_anonymous().await;
                    self.prune().await;
                }
            }
        }
    }

    /// Retries until the record is written, or can never be written.
    async fn keep(&self, entry: Entry) {
        let mut delay = FIRST_RETRY;
        let mut is_late = false;
        while let Err(error) = self.ledger.write(entry.clone()).await {
            if error.is_about_the_data() {
                tracing::error!(%error, "a record cannot be kept");
                self.ledger.count_dropped();
                return;
            }
            if !is_late {
                tracing::warn!(%error, "records wait for the database");
                is_late = true;
            }
            sleep(delay).await;
            delay = (delay * 2).min(MAX_RETRY_DELAY);
        }
        if is_late {
            tracing::warn!("records are kept again");
        }
    }

    async fn keep_anonymous(&self) {
        let count = self.ledger.take_anonymous();
        if count == 0 {
            return;
        }
        let access = Access {
            at: SystemTime::now(),
            listener: "public",
            kind: AccessKind::Anonymous,
            count,
            request_id: None,
        };
        match Entry::new(Record::Access(access)) {
            Some(entry) => self.keep(entry).await,
            None => self.ledger.count_dropped(),
        }
    }

    /// Prunes the records. After a failure the next run is a minute later.
    async fn prune(&mut self) {
        let (bounds, takes_back) = (self.bounds, self.behind >= ACCEPTED_BACK);
        let database = &self.ledger.database;
        let pruned = database
            .write(move |connection| Box::pin(retention::prune(connection, bounds, takes_back)))
            .await;
        match pruned {
            Ok(Some(clock)) => self.judge(clock),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "old records stay for another minute"),
        }
    }

    /// Logs a wrong clock, once.
    fn judge(&mut self, clock: Clock) {
        match clock {
            Clock::Runs => self.behind = 0,
            Clock::Jumped(by_ms) => {
                tracing::warn!(
                    target: LIFECYCLE,
                    by_ms,
                    "the database's clock jumped ahead, or nobody used the database for days; records age by one day"
                );
                self.behind = 0;
            }
            Clock::Behind(by_ms) => {
                if self.behind == 0 {
                    tracing::warn!(
                        target: LIFECYCLE,
                        by_ms,
                        "the database's clock went back; records do not age until it has caught up, or for an hour"
                    );
                }
                // One run beyond the limit accepted the clock, so the count restarts.
                self.behind = if self.behind >= ACCEPTED_BACK { 0 } else { self.behind + 1 };
            }
        }
    }
}
