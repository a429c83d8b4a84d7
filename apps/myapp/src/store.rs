//! The store of history and accesses. Only this module contains SQL of the service.
//!
//! A change never waits for its record: records wait in a bounded queue while the database is away, and one task writes them in
//! order. A reveal waits: it is answered only after its record is written. Each record has an id of its own from the start, so
//! that a write whose answer was lost can be retried and is still written once.

mod entry;
mod ledger;
mod metrics;
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

use crate::database::{Database, DatabaseError, Reason, Schema};
use entry::{Entry, Message};
use ledger::Ledger;
use reveals::Reveals;

/// Capacity of the queue of records. Rejected changes may fill half of it only, so that room remains for the other records.
const QUEUE: usize = 1024;
/// Time limit for recording a reveal, and for a query.
const WRITE_TIMEOUT: Duration = Duration::from_secs(8);

/// History and accesses. Clones are handles to the same store.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    ledger: Arc<Ledger>,
    queue: mpsc::Sender<Message>,
    reveals: Reveals,
}

/// Returns the setup and the check of the tables, for [`Database::new`].
pub(crate) fn schema() -> Schema {
    Schema {
        set_up: Arc::new(|connection| Box::pin(migrations::run(connection))),
        check: Arc::new(|connection| Box::pin(migrations::check(connection))),
    }
}

impl Store {
    /// Returns the name of this replica.
    pub(crate) fn replica(&self) -> &str {
        &self.shared.ledger.replica
    }

    /// Creates a store in `database` whose records carry the name of this replica, and the writer, which must run for records to
    /// be written.
    pub fn new(database: Database, replica: &str, bounds: Bounds) -> (Self, Writer) {
        let (queue, messages) = mpsc::channel(QUEUE);
        let ledger = Arc::new(Ledger::new(database, replica));
        let shared = Shared { ledger: Arc::clone(&ledger), queue, reveals: Reveals::default() };
        (Self { shared: Arc::new(shared) }, Writer::new(ledger, messages, bounds))
    }

    /// Queues `record` and returns at once. If the queue is full, the record is dropped and counted.
    pub fn record(&self, record: Record) {
        let has_room = !record.is_repeatable() || self.shared.queue.capacity() > QUEUE / 2;
        let entry = Entry::new(record).filter(|_| has_room);
        let queued = entry.is_some_and(|entry| self.shared.queue.try_send(Message::Write(entry)).is_ok());
        if !queued {
            self.shared.ledger.count_dropped();
        }
    }

    /// Writes `record` before it returns.
    ///
    /// # Errors
    /// The record is not confirmed as written; the caller must not perform the recorded action.
    pub async fn record_now(&self, record: Record) -> Result<(), DatabaseError> {
        let is_reveal = matches!(&record, Record::Access(access) if access.kind == AccessKind::Reveal);
        let entry = Entry::new(record).ok_or(DatabaseError::of(Reason::Other))?;
        self.patiently(self.shared.ledger.write(entry)).await?;
        if is_reveal && self.shared.reveals.is_alarming(Instant::now()) {
            tracing::warn!(
                target: LIFECYCLE,
                "secrets were revealed more than 60 times within an hour; /api/v1/accesses?kind=reveal lists each time"
            );
        }
        Ok(())
    }

    /// Counts one anonymous read of the settings; takes a few nanoseconds.
    pub fn count_anonymous(&self) {
        self.shared.ledger.count_anonymous();
    }

    /// Returns at most `limit` changes, newest first, starting after `after`.
    ///
    /// # Errors
    /// The database cannot be read now.
    pub async fn history(
        &self,
        filter: HistoryFilter,
        after: Option<Position>,
        limit: u16,
    ) -> Result<Page<HistoryRow>, DatabaseError> {
        let read = self.shared.ledger.database.read(move |connection| {
            let filter = filter.clone();
            Box::pin(async move { rows::history(connection, &filter, after, limit).await })
        });
        self.patiently(read).await
    }

    /// Returns at most `limit` accesses, newest first, starting after `after`.
    ///
    /// # Errors
    /// The database cannot be read now.
    pub async fn accesses(
        &self,
        filter: AccessFilter,
        after: Option<Position>,
        limit: u16,
    ) -> Result<Page<AccessRow>, DatabaseError> {
        let read = self.shared.ledger.database.read(move |connection| {
            let filter = filter.clone();
            Box::pin(async move { rows::accesses(connection, &filter, after, limit).await })
        });
        self.patiently(read).await
    }

    /// Returns the database of the store.
    pub fn database(&self) -> &Database {
        &self.shared.ledger.database
    }

    /// Returns the number of records dropped, because the queue was full or the database rejected them.
    pub fn dropped(&self) -> u64 {
        self.shared.ledger.dropped()
    }

    /// Returns the number of reveals recorded so far.
    pub fn reveals(&self) -> u64 {
        self.shared.reveals.total()
    }

    /// Returns the number of records that wait for the database.
    pub fn waiting(&self) -> usize {
        self.shared.queue.max_capacity() - self.shared.queue.capacity()
    }

    /// Waits at most `longest` until all records queued so far are written; returns true if they are.
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
        work: impl Future<Output = Result<T, DatabaseError>>,
    ) -> Result<T, DatabaseError> {
        timeout(WRITE_TIMEOUT, work).await.unwrap_or_else(|_| Err(DatabaseError::of(Reason::Timeout)))
    }
}

#[cfg(test)]
mod tests;
