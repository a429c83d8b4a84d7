//! Records queued for the database.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::records::Record;

/// A record with a unique id, by which repeated writes count once.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) id: Arc<str>,
    pub(super) record: Arc<Record>,
}

impl Entry {
    /// Creates an entry; `None` if the system has no random numbers.
    pub(super) fn new(record: Record) -> Option<Self> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).ok()?;
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Self { id: id.into(), record: Arc::new(record) })
    }
}

/// A message to the writer.
pub(super) enum Message {
    Write(Entry),
    /// A request to be notified after all earlier entries are written.
    Flush(oneshot::Sender<()>),
}
