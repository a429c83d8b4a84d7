//! Counters of the events that pass through the cache.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Events by outcome.
#[derive(Default)]
pub(crate) struct Counts {
    /// Events sent to the other replicas.
    pub(crate) sent: AtomicU64,
    /// Events not sent, or not confirmed: the cache was unavailable, or the queue was full.
    pub(crate) lost: AtomicU64,
    /// Events received from the other replicas.
    pub(crate) received: AtomicU64,
    /// Messages in a format other than this version's.
    pub(crate) refused: AtomicU64,
}

impl Counts {
    pub(super) fn add(count: &AtomicU64, number: usize) {
        count.fetch_add(number as u64, Relaxed);
    }
}
