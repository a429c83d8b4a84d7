//! Seats: the connections of one listener, and the choice of the one that a full listener closes for a new one.
//!
//! A full listener evicts the connection with the lowest [`EvictionRank`]. So neither many idle connections nor clients that
//! stop within a header keep a new client, such as the orchestrator's probe, from its response. A request in flight is never
//! evicted.
//!
//! Requests do no work for this, except to read one flag in a cache line that they read anyway.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::Duration;

use tokio::task::Id;

use crate::server::connection::eviction::{Evictable, EvictionRank};
use crate::server::connection::tracker::ConnectionState;

/// Time after which a client that reads nothing of its response may be evicted.
const STALL_TIMEOUT: Duration = Duration::from_secs(1);

/// One connection, from the listener's side.
#[derive(Debug)]
pub(crate) struct Seat {
    state: Arc<ConnectionState>,
    /// Waker of the connection's task, once the task has run.
    waker: OnceLock<Waker>,
}

impl Seat {
    pub(crate) fn new(state: Arc<ConnectionState>) -> Self {
        Self { state, waker: OnceLock::new() }
    }

    pub(crate) fn state(&self) -> &Arc<ConnectionState> {
        &self.state
    }

    /// Stores the waker of the connection's task; a task has one waker for its life.
    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.get_or_init(|| waker.clone());
    }

    /// `None` for a busy connection, and for one that has not run yet: its request may be waiting to be read.
    fn evictable(&self) -> Option<Evictable> {
        self.waker.get().and_then(|_| evictable(&self.state))
    }

    /// Requests the eviction. The connection decides, since a request may have arrived meanwhile.
    fn request_eviction(&self) {
        self.state.request_eviction();
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }
}

/// Rank and age of the connection, if it may be evicted now.
pub(crate) fn evictable(state: &ConnectionState) -> Option<Evictable> {
    let is_due =
        |(rank, since): &Evictable| *rank != EvictionRank::Stalled || since.elapsed() >= STALL_TIMEOUT;
    state.evictable().filter(is_due)
}

/// All connections of one listener, by task.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    taken: HashMap<Id, Arc<Seat>>,
    /// Evictable connections at the last scan, the first one to evict at the end.
    candidates: Vec<(Evictable, Id)>,
}

impl Seats {
    pub(crate) fn take(&mut self, task: Id, seat: Arc<Seat>) {
        self.taken.insert(task, seat);
    }

    pub(crate) fn leave(&mut self, task: Id) {
        self.taken.remove(&task);
    }

    /// Requests the eviction of the connection with the lowest rank; among equals, of the oldest. Returns false if all
    /// connections are busy.
    pub(crate) fn evict_one(&mut self) -> bool {
        self.evict_candidate() || {
            self.scan();
            self.evict_candidate()
        }
    }

    /// Evicts the first candidate that has not changed since the scan: one that has changed has a later time.
    fn evict_candidate(&mut self) -> bool {
        while let Some((evictable, task)) = self.candidates.pop() {
            if let Some(seat) = self.taken.get(&task).filter(|seat| seat.evictable() == Some(evictable)) {
                seat.request_eviction();
                return true;
            }
        }
        false
    }

    /// Scans all connections for the next candidates. Retains one connection in eight, so that each new client costs about
    /// eight checks on average, however many connections there are.
    fn scan(&mut self) {
        let candidates = self.taken.iter().filter_map(|(task, seat)| Some((seat.evictable()?, *task)));
        self.candidates = candidates.collect();
        let max = self.taken.len() / 8 + 1;
        if self.candidates.len() > max {
            self.candidates.select_nth_unstable_by_key(max, |(evictable, _)| *evictable);
            self.candidates.truncate(max);
        }
        self.candidates.sort_unstable_by_key(|(evictable, _)| Reverse(*evictable));
        // A connection may become idle while those of a higher rank are evicted.
        let first = self.candidates.last().map(|((rank, _), _)| *rank);
        self.candidates.retain(|((rank, _), _)| Some(*rank) == first);
    }
}

#[cfg(test)]
mod tests;
