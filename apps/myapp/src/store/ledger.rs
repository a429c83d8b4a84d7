//! The records of one replica in the database: the one function that writes them, and the counts of those not written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::entry::Entry;
use super::rows;
use crate::database::{Database, DatabaseError};

pub(super) struct Ledger {
    pub(super) database: Database,
    pub(super) replica: Arc<str>,
    dropped: AtomicU64,
    /// Reads of the public listener that no record includes yet.
    anonymous: AtomicU64,
}

impl Ledger {
    pub(super) fn new(database: Database, replica: &str) -> Self {
        Self { database, replica: replica.into(), dropped: AtomicU64::new(0), anonymous: AtomicU64::new(0) }
    }

    /// Writes `entry`; a repeated write changes nothing.
    pub(super) async fn write(&self, entry: Entry) -> Result<(), DatabaseError> {
        let replica = Arc::clone(&self.replica);
        let write = self.database.write(move |connection| {
            let (entry, replica) = (entry.clone(), Arc::clone(&replica));
            Box::pin(async move { rows::insert(connection, &entry.id, &replica, &entry.record).await })
        });
        write.await
    }

    pub(super) fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn count_anonymous(&self) {
        self.anonymous.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of reads that no record includes yet, and resets it to 0.
    pub(super) fn take_anonymous(&self) -> u64 {
        self.anonymous.swap(0, Ordering::Relaxed)
    }
}
