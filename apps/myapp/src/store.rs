//! What is kept: how the settings changed, and who read them. The SQL of the service is here and nowhere else.
//!
//! A change is never held up by its record: it waits in a bounded queue, written in order by one task, for as long as the
//! database is away. A reveal is held up: it is not answered before its record is kept. Each record has an id of its own
//! from the start, so that a write whose answer was lost is tried again and still written once.

mod entry;
mod ledger;
mod migrations;
mod records;
mod retention;
mod reveals;
mod rows;
mod writer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::telemetry::LIFECYCLE;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub use records::{
    Access, AccessFilter, AccessKind, AccessRow, Change, HistoryFilter, HistoryRow, Outcome, Page, Position,
    Record,
};
pub use retention::Bounds;
pub use writer::Writer;

use crate::database::{Database, Reason, Schema, Unavailable};
use entry::{Entry, Message};
use ledger::Ledger;
use reveals::Reveals;

/// Records that may wait for the database; half of it is open to rejected changes, so that however many there are, the
/// others find room.
const QUEUE: usize = 1024;
/// Longest time someone waits for a reveal to be recorded, or for an answer.
const PATIENCE: Duration = Duration::from_secs(8);

/// History and accesses. Clones are handles to the same ones.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    ledger: Arc<Ledger>,
    queue: mpsc::Sender<Message>,
    reveals: Reveals,
}

/// What a database must hold for a store; for [`Database::new`].
pub(crate) fn schema() -> Schema {
    Schema {
        set_up: Arc::new(|connection| Box::pin(migrations::run(connection))),
        check: Arc::new(|connection| Box::pin(migrations::check(connection))),
    }
}

impl Store {
    /// The name of this replica.
    pub(crate) fn replica(&self) -> &str {
        &self.shared.ledger.replica
    }

    /// A store in `database`, whose records carry the name of this replica, and the writer that must run for records to
    /// be kept.
    pub fn new(database: Database, replica: &str, bounds: Bounds) -> (Self, Writer) {
        let (queue, messages) = mpsc::channel(QUEUE);
        let ledger = Arc::new(Ledger::new(database, replica));
        let shared = Shared { ledger: Arc::clone(&ledger), queue, reveals: Reveals::default() };
        (Self { shared: Arc::new(shared) }, Writer::new(ledger, messages, bounds))
    }

    /// Keeps `record` as soon as the database lets it; returns at once. Where too many wait already it is dropped and
    /// counted.
    pub fn record(&self, record: Record) {
        let has_room = !record.is_repeatable() || self.shared.queue.capacity() > QUEUE / 2;
        let entry = Entry::new(record).filter(|_| has_room);
        let queued = entry.is_some_and(|entry| self.shared.queue.try_send(Message::Write(entry)).is_ok());
        if !queued {
            self.shared.ledger.count_dropped();
        }
    }

    /// Keeps `record` before it returns.
    ///
    /// # Errors
    /// It is not known to be kept: what it stands for must not happen.
    pub async fn record_now(&self, record: Record) -> Result<(), Unavailable> {
        let is_reveal = matches!(&record, Record::Access(access) if access.kind == AccessKind::Reveal);
        let entry = Entry::new(record).ok_or(Unavailable::of(Reason::Other))?;
        self.patiently(self.shared.ledger.write(entry)).await?;
        if is_reveal && self.shared.reveals.is_alarming(Instant::now()) {
            tracing::warn!(
                target: LIFECYCLE,
                "secrets were revealed more than 60 times within an hour; /api/v1/accesses?kind=reveal lists each time"
            );
        }
        Ok(())
    }

    /// Counts one read of the settings by anyone; a few nanoseconds.
    pub fn count_anonymous(&self) {
        self.shared.ledger.count_anonymous();
    }

    /// At most `limit` changes, newest first, from `after` on.
    ///
    /// # Errors
    /// The database cannot be read now.
    pub async fn history(
        &self,
        filter: HistoryFilter,
        after: Option<Position>,
        limit: u16,
    ) -> Result<Page<HistoryRow>, Unavailable> {
        let read = self.shared.ledger.database.read(move |connection| {
            let filter = filter.clone();
            Box::pin(async move { rows::history(connection, &filter, after, limit).await })
        });
        self.patiently(read).await
    }

    /// At most `limit` accesses, newest first, from `after` on.
    ///
    /// # Errors
    /// The database cannot be read now.
    pub async fn accesses(
        &self,
        filter: AccessFilter,
        after: Option<Position>,
        limit: u16,
    ) -> Result<Page<AccessRow>, Unavailable> {
        let read = self.shared.ledger.database.read(move |connection| {
            let filter = filter.clone();
            Box::pin(async move { rows::accesses(connection, &filter, after, limit).await })
        });
        self.patiently(read).await
    }

    /// The database it is kept in.
    pub fn database(&self) -> &Database {
        &self.shared.ledger.database
    }

    /// Records dropped so far, because the queue was full or the database does not take them.
    pub fn dropped(&self) -> u64 {
        self.shared.ledger.dropped()
    }

    /// Looks at secrets that were recorded so far.
    pub fn reveals(&self) -> u64 {
        self.shared.reveals.total()
    }

    /// Records that wait for the database.
    pub fn waiting(&self) -> usize {
        self.shared.queue.max_capacity() - self.shared.queue.capacity()
    }

    /// Waits until everything recorded so far is kept, but no longer than `longest`; returns whether it is.
    pub async fn flush(&self, longest: Duration) -> bool {
        let flush = async {
            let (done, is_done) = oneshot::channel();
            self.shared.queue.send(Message::Flush(done)).await.ok()?;
            is_done.await.ok()
        };
        timeout(longest, flush).await.is_ok_and(|flushed| flushed.is_some())
    }

    async fn patiently<T>(
        &self,
        work: impl Future<Output = Result<T, Unavailable>>,
    ) -> Result<T, Unavailable> {
        timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(Unavailable::of(Reason::Timeout)))
    }
}

#[cfg(test)]
mod tests;
