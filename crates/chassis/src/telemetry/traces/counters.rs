//! Counters of spans.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) ended: AtomicU64,
    pub(super) exported: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) failed: AtomicU64,
}

/// Spans since the start. `ended` is the sum of the others and of the spans that still wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceCounters {
    /// Spans of finished requests.
    pub ended: u64,
    /// Spans that the collector accepted.
    pub exported: u64,
    /// Spans never sent: the queue was full, or no time was left at the end.
    pub dropped: u64,
    /// Spans sent, and rejected by the collector or given up after the last attempt.
    pub failed: u64,
}

/// Result of a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceFlush {
    /// Spans that the collector accepted during the shutdown.
    pub exported: u64,
    /// Spans that were lost during the shutdown.
    pub lost: u64,
}

impl Counters {
    pub(super) fn read(&self) -> TraceCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TraceCounters {
            ended: read(&self.ended),
            exported: read(&self.exported),
            dropped: read(&self.dropped),
            failed: read(&self.failed),
        }
    }
}
