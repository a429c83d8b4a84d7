use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::records::{Access, AccessKind, Record};
use super::{Store, rows};

/// Anonymous reads of this time are one record, and bounds are kept that often.
const MINUTE: Duration = Duration::from_secs(60);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// How much is kept, of each table.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Rows, give or take those of a minute.
    pub rows: u32,
    /// Age.
    pub age: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { rows: 10_000, age: Duration::from_secs(90 * 24 * 60 * 60) }
    }
}

/// A record with the id that makes it one, however often it is written.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) id: Arc<str>,
    pub(super) record: Arc<Record>,
}

impl Entry {
    /// `None` where the system has no random numbers.
    pub(super) fn new(record: Record) -> Option<Self> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).ok()?;
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Self { id: id.into(), record: Arc::new(record) })
    }
}

pub(super) enum Message {
    Write(Entry),
    /// Everything before it is to be kept first.
    Flush(oneshot::Sender<()>),
}

/// Writes what is recorded, in order.
#[must_use = "nothing is kept unless the writer runs"]
pub struct Writer {
    store: Store,
    messages: mpsc::Receiver<Message>,
    bounds: Bounds,
}

impl Writer {
    pub(super) fn new(store: Store, messages: mpsc::Receiver<Message>, bounds: Bounds) -> Self {
        Self { store, messages, bounds }
    }

    /// Runs until dropped. What waits then is lost, unless [`Store::flush`] came before.
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
                        // Whoever waited may have lost patience.
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

    /// Tries until it is kept, or known that it never will be.
    async fn keep(&self, entry: Entry) {
        let mut delay = FIRST_RETRY;
        let mut is_late = false;
        while let Err(error) = self.store.write(entry.clone()).await {
            if error.is_about_the_data() {
                tracing::error!(%error, "a record cannot be kept");
                self.store.drop_one();
                return;
            }
            if !is_late {
                tracing::warn!(%error, "records wait for the database");
                is_late = true;
            }
            sleep(delay).await;
            delay = (delay * 2).min(LONGEST_RETRY);
        }
        if is_late {
            tracing::warn!("records are kept again");
        }
    }

    async fn keep_anonymous(&self) {
        let count = self.store.take_anonymous();
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
            None => self.store.drop_one(),
        }
    }

    /// What is not removed now is removed a minute later.
    async fn prune(&self) {
        let Bounds { rows, age } = self.bounds;
        let database = &self.store.shared.database;
        let pruned = database.write(move |connection| Box::pin(rows::prune(connection, rows, age))).await;
        if let Err(error) = pruned {
            tracing::debug!(%error, "old records stay for another minute");
        }
    }
}
