//! What happened while serving, in numbers.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Report of a server that has drained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Connections accepted on all listeners.
    pub connections: u64,
    /// Connections accepted after the stop signal that carried more than probes. Above zero means that a load balancer
    /// still sent traffic; were they refused, clients would have seen it.
    pub late_arrivals: u64,
    /// Requests in flight that were cut at the end of their budget.
    pub requests_cut: u64,
    /// Connections closed because a client was too slow or idle for too long.
    pub connections_expired: u64,
    /// Times a listener stopped accepting because it had as many connections as it may.
    pub accept_pauses: u64,
    /// From the stop signal to the end.
    pub drain_time: Duration,
}

#[derive(Debug)]
pub(super) struct Counters {
    pub(super) connections: AtomicU64,
    pub(super) late_arrivals: AtomicU64,
    pub(super) connections_expired: AtomicU64,
    pub(super) accept_pauses: AtomicU64,
    last_traffic: Mutex<Instant>,
    cut: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counters {
    pub(super) fn new() -> Self {
        Self {
            connections: AtomicU64::new(0),
            late_arrivals: AtomicU64::new(0),
            connections_expired: AtomicU64::new(0),
            accept_pauses: AtomicU64::new(0),
            last_traffic: Mutex::new(Instant::now()),
            cut: Mutex::default(),
        }
    }

    /// A request that is no probe has come in on a traffic listener.
    pub(super) fn traffic_seen(&self) {
        *self.last_traffic.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(super) fn last_traffic(&self) -> Instant {
        *self.last_traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request in flight on this listener has been cut.
    pub(super) fn request_cut(&self, listener: &'static str) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner).entry(listener).or_default() += 1;
    }

    /// Requests cut on each listener that lost any, as `public: 2, admin: 1`.
    pub(super) fn cut_by_listener(&self) -> String {
        let cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        let parts: Vec<_> = cut.iter().map(|(listener, number)| format!("{listener}: {number}")).collect();
        parts.join(", ")
    }

    pub(super) fn report(&self, drain_time: Duration) -> Served {
        Served {
            connections: self.connections.load(Ordering::Relaxed),
            late_arrivals: self.late_arrivals.load(Ordering::Relaxed),
            requests_cut: self.cut.lock().unwrap_or_else(PoisonError::into_inner).values().sum(),
            connections_expired: self.connections_expired.load(Ordering::Relaxed),
            accept_pauses: self.accept_pauses.load(Ordering::Relaxed),
            drain_time,
        }
    }
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
