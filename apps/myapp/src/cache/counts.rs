//! Counters of the events that pass through the cache.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Events by outcome.
#[derive(Default)]
pub(crate) struct Counts {
    /// Told to the others.
    pub(crate) sent: AtomicU64,
    /// Not told, or not known to be: the cache was away, or too many waited.
    pub(crate) lost: AtomicU64,
    /// Told by the others.
    pub(crate) received: AtomicU64,
    /// Messages that are none of this version's.
    pub(crate) refused: AtomicU64,
}

impl Counts {
    pub(super) fn add(count: &AtomicU64, number: usize) {
        count.fetch_add(number as u64, Relaxed);
    }
}
