//! Recent configuration events of this replica and, through the cache, of the others. They are retained for a while, so that a
//! reader that reconnects misses nothing.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use live_config::{Event, Unknown};
use serde_json::{Map, Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Number of retained events; a reader further behind has missed some.
pub(crate) const KEPT: usize = 1024;
/// Maximum number of concurrent readers: people and their tools, on loopback.
pub(crate) const READERS: usize = 16;

/// The newest events. Clones are handles to the same ones.
#[derive(Clone)]
pub(crate) struct Feed(Arc<Shared>);

struct Shared {
    /// Name of this replica.
    replica: String,
    /// Identifies this process among those before and after it: start time in nanoseconds since 1970.
    life: u128,
    ring: Mutex<VecDeque<Arc<Happening>>>,
    /// Sequence number of the newest event; 0 before the first.
    newest: watch::Sender<u64>,
    seats: Arc<Semaphore>,
}

/// One event and its sequence number in this process.
pub(crate) struct Happening {
    pub(crate) mark: Mark,
    pub(crate) told: Told,
}

/// One event of one replica: keys and reasons, never a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) replica: String,
    pub(crate) at: SystemTime,
    /// One of [`EVENTS`].
    pub(crate) event: &'static str,
    pub(crate) data: Map<String, Value>,
}

/// Names of the events.
pub(crate) const EVENTS: [&str; 6] =
    ["committed", "rejected", "pending", "rolled_back", "restored", "unknown"];

impl Told {
    fn of<S>(event: &Event<S>, replica: &str) -> Self {
        let (event, data) = match event {
            Event::Committed { new, changes, .. } => {
                let keys: Vec<_> = changes.keys().collect();
                ("committed", json!({ "generation": new.generation, "keys": keys }))
            }
            Event::Rejected { reasons, retrying } => {
                let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
                ("rejected", json!({ "reasons": reasons, "retrying": retrying }))
            }
            Event::Pending { reasons, retrying } => {
                let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
                ("pending", json!({ "reasons": reasons, "retrying": retrying }))
            }
            Event::RolledBack { in_force, reason, retrying, .. } => {
                let (generation, reason) = (in_force.generation, reason.to_string());
                ("rolled_back", json!({ "generation": generation, "reason": reason, "retrying": retrying }))
            }
            Event::Unknown(files) => {
                let file = |file: &Unknown| json!({ "name": file.name, "suggestion": file.suggestion });
                ("unknown", json!({ "files": files.iter().map(file).collect::<Vec<_>>() }))
            }
            Event::Restored => ("restored", json!({})),
        };
        let data = data.as_object().cloned().unwrap_or_default();
        Self { replica: replica.to_owned(), at: SystemTime::now(), event, data }
    }
}

/// Id of an event, valid for the life of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    life: u128,
    sequence: u64,
}

/// The position of one reader. Holds a seat until dropped.
pub(crate) struct Reader {
    shared: Arc<Shared>,
    newest: watch::Receiver<u64>,
    /// Sequence number of the event read last.
    last: u64,
    _seat: OwnedSemaphorePermit,
}

/// The next event of a reader is no longer retained.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lagged;

/// All seats are taken.
#[derive(Debug)]
pub(crate) struct Full;

impl Feed {
    pub(crate) fn new(replica: &str) -> Self {
        let life = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Self(Arc::new(Shared {
            replica: replica.to_owned(),
            life,
            ring: Mutex::default(),
            newest: watch::Sender::new(0),
            seats: Arc::new(Semaphore::new(READERS)),
        }))
    }

    /// Adds an event of this replica, and returns it in the form for other replicas.
    pub(crate) fn add<S>(&self, event: &Event<S>) -> Told {
        let told = Told::of(event, &self.0.replica);
        self.tell(told.clone());
        told
    }

    /// Adds an event of any replica.
    pub(crate) fn tell(&self, told: Told) {
        self.0.push(told);
    }

    /// Counts `missed` events that no reader can receive.
    pub(crate) fn skip(&self, missed: u64) {
        self.0.skip(missed);
    }

    /// Creates a reader of the events from now on.
    pub(crate) fn read(&self) -> Result<Reader, Full> {
        let seat = Arc::clone(&self.0.seats).try_acquire_owned().map_err(|_| Full)?;
        let newest = self.0.newest.subscribe();
        let last = *newest.borrow();
        Ok(Reader { shared: Arc::clone(&self.0), newest, last, _seat: seat })
    }
}

impl Reader {
    /// Moves the reader to just after `mark`; fails if the events after `mark` are not known to this process.
    pub(crate) fn resume(&mut self, mark: Mark) -> Result<(), Lagged> {
        let is_known = mark.life == self.shared.life && mark.sequence <= self.last;
        if !is_known || self.shared.after(mark.sequence).is_err() {
            return Err(Lagged);
        }
        self.last = mark.sequence;
        Ok(())
    }

    /// Returns the id of the event read last.
    pub(crate) fn mark(&self) -> Mark {
        Mark { life: self.shared.life, sequence: self.last }
    }

    /// Waits for the next event and returns it.
    pub(crate) async fn next(&mut self) -> Result<Arc<Happening>, Lagged> {
        loop {
            // Marked as seen before the read, so that an event added in between ends the wait.
            self.newest.mark_unchanged();
            if let Some(next) = self.shared.after(self.last)? {
                self.last = next.mark.sequence;
                return Ok(next);
            }
            // The sender lives in the state that this reader holds.
            self.newest.changed().await.map_err(|_| Lagged)?;
        }
    }
}

impl Shared {
    fn push(&self, told: Told) {
        // Held from the count to the notification: this replica's events and those of the others come from two tasks.
        let mut ring = self.ring();
        let sequence = *self.newest.borrow() + 1;
        let mark = Mark { life: self.life, sequence };
        if ring.len() == KEPT {
            ring.pop_front();
        }
        ring.push_back(Arc::new(Happening { mark, told }));
        self.newest.send_replace(sequence);
    }

    /// Counts `missed` events as having happened, although no reader can receive them.
    fn skip(&self, missed: u64) {
        let mut ring = self.ring();
        ring.clear();
        self.newest.send_modify(|newest| *newest += missed);
    }

    /// Returns the event after `sequence`, if it has happened and is retained.
    fn after(&self, sequence: u64) -> Result<Option<Arc<Happening>>, Lagged> {
        let newest = *self.newest.borrow();
        let ring = self.ring();
        let found = ring.iter().find(|happening| happening.mark.sequence > sequence);
        match found {
            Some(next) if next.mark.sequence == sequence + 1 => Ok(Some(Arc::clone(next))),
            None if sequence >= newest => Ok(None),
            Some(_) | None => Err(Lagged),
        }
    }

    /// Each change leaves the queue complete, even if a holder of the lock panicked.
    fn ring(&self) -> MutexGuard<'_, VecDeque<Arc<Happening>>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:x}-{}", self.life, self.sequence)
    }
}

impl FromStr for Mark {
    type Err = Lagged;

    fn from_str(text: &str) -> Result<Self, Lagged> {
        let (life, sequence) = text.split_once('-').ok_or(Lagged)?;
        let life = u128::from_str_radix(life, 16).map_err(|_| Lagged)?;
        Ok(Self { life, sequence: sequence.parse().map_err(|_| Lagged)? })
    }
}

#[cfg(test)]
mod tests;
