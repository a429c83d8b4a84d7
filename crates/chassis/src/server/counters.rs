//! What happened while serving, in numbers.
//!
//! Every count is one relaxed atomic. Reasons are closed sets whose labels are fixed, so that a scrape has the same
//! series whatever clients do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::reasons::{Closed, Refused};
use crate::telemetry::{Metrics, Sample};

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
    /// Connections closed so that a full listener could accept another one.
    pub connections_evicted: u64,
    /// Requests the server itself refused: malformed, too large, or without an answer in time.
    pub requests_refused: u64,
    /// Times a connection had to wait because a listener had as many as it may, all of them busy.
    pub accept_pauses: u64,
    /// From the stop signal to the end.
    pub drain_time: Duration,
}

#[derive(Debug)]
pub(crate) struct Counters {
    pub(super) connections: AtomicU64,
    pub(super) late_arrivals: AtomicU64,
    pub(super) accept_pauses: AtomicU64,
    pub(super) accept_errors: AtomicU64,
    open: AtomicU64,
    closed: [AtomicU64; Closed::ALL.len()],
    refused: [AtomicU64; Refused::ALL.len()],
    born: Instant,
    /// In nanoseconds since `born`.
    last_traffic: AtomicU64,
    cut: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counters {
    pub(super) fn new() -> Self {
        Self {
            connections: AtomicU64::new(0),
            late_arrivals: AtomicU64::new(0),
            accept_pauses: AtomicU64::new(0),
            accept_errors: AtomicU64::new(0),
            open: AtomicU64::new(0),
            closed: std::array::from_fn(|_| AtomicU64::new(0)),
            refused: std::array::from_fn(|_| AtomicU64::new(0)),
            born: Instant::now(),
            last_traffic: AtomicU64::new(0),
            cut: Mutex::default(),
        }
    }

    /// Makes all of it part of the metrics.
    pub(super) fn show(self: &Arc<Self>, metrics: &Metrics) {
        let read = |read: fn(&Self) -> Vec<Sample>| {
            let counters = Arc::clone(self);
            move || read(&counters)
        };
        metrics.gauge(
            "http_server_open_connections",
            "Connections open now",
            read(|counters| vec![Sample::of(counters.connections_open() as f64)]),
        );
        metrics.counter(
            "http_server_connections_closed",
            "Connections ended by this side, by reason",
            read(|counters| {
                let sample =
                    |(reason, n): (Closed, u64)| Sample::labelled("reason", reason.label(), n as f64);
                counters.connections_closed().map(sample).collect()
            }),
        );
        metrics.counter(
            "http_server_requests_refused",
            "Requests that the server itself refused, by reason",
            read(|counters| {
                let sample =
                    |(reason, n): (Refused, u64)| Sample::labelled("reason", reason.label(), n as f64);
                counters.requests_refused().map(sample).collect()
            }),
        );
        let plain = |name, help, pick: fn(&Self) -> &AtomicU64| {
            let counters = Arc::clone(self);
            let read = move || vec![Sample::of(pick(&counters).load(Ordering::Relaxed) as f64)];
            metrics.counter(name, help, read);
        };
        plain("http_server_connections", "Connections accepted", |counters| &counters.connections);
        plain(
            "http_server_accept_pauses",
            "Times a connection waited for a full listener whose connections were all busy",
            |counters| &counters.accept_pauses,
        );
        plain("http_server_accept_errors", "Accepts that failed", |counters| &counters.accept_errors);
        plain(
            "http_server_late_arrivals",
            "Connections after the stop signal that carried more than probes",
            |counters| &counters.late_arrivals,
        );
        metrics.counter(
            "http_server_requests_cut",
            "Requests cut at the end of the drain",
            read(|counters| vec![Sample::of(counters.requests_cut() as f64)]),
        );
    }

    /// A connection was accepted; it is open until the guard is dropped.
    pub(super) fn connection_opens(self: &Arc<Self>) -> OpenConnection {
        count(&self.connections);
        count(&self.open);
        OpenConnection(Arc::clone(self))
    }

    /// This side ends a connection. One that its client ends, or that ends after its last answer, is not counted.
    pub(super) fn connection_closed(&self, reason: Closed) {
        count(&self.closed[reason as usize]);
    }

    /// The server, not a route, answered a request with an error.
    pub(super) fn request_refused(&self, reason: Refused) {
        count(&self.refused[reason as usize]);
    }

    /// Connections open now, on all listeners.
    pub(crate) fn connections_open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections ended from this side, for every reason in the order of [`Closed::ALL`].
    pub(crate) fn connections_closed(&self) -> impl Iterator<Item = (Closed, u64)> {
        Closed::ALL.into_iter().map(|reason| (reason, self.closed[reason as usize].load(Ordering::Relaxed)))
    }

    /// Requests refused, for every reason in the order of [`Refused::ALL`].
    pub(crate) fn requests_refused(&self) -> impl Iterator<Item = (Refused, u64)> {
        Refused::ALL.into_iter().map(|reason| (reason, self.refused[reason as usize].load(Ordering::Relaxed)))
    }

    /// A request that is no probe has come in on a traffic listener.
    pub(super) fn traffic_seen(&self, now: Instant) {
        let age = now.saturating_duration_since(self.born);
        self.last_traffic.store(u64::try_from(age.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn last_traffic(&self) -> Instant {
        self.born + Duration::from_nanos(self.last_traffic.load(Ordering::Relaxed))
    }

    /// A request in flight on this listener has been cut.
    pub(super) fn request_cut(&self, listener: &'static str) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner).entry(listener).or_default() += 1;
    }

    fn requests_cut(&self) -> u64 {
        self.cut.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// Requests cut on each listener that lost any, as `public: 2, admin: 1`.
    pub(super) fn cut_by_listener(&self) -> String {
        let cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        let parts: Vec<_> = cut.iter().map(|(listener, number)| format!("{listener}: {number}")).collect();
        parts.join(", ")
    }

    pub(super) fn report(&self, drain_time: Duration) -> Served {
        let expired = self.connections_closed().filter(|(reason, _)| reason.is_deadline());
        Served {
            connections: self.connections.load(Ordering::Relaxed),
            late_arrivals: self.late_arrivals.load(Ordering::Relaxed),
            requests_cut: self.requests_cut(),
            connections_expired: expired.map(|(_, number)| number).sum(),
            connections_evicted: self.closed[Closed::Evicted as usize].load(Ordering::Relaxed),
            requests_refused: self.requests_refused().map(|(_, number)| number).sum(),
            accept_pauses: self.accept_pauses.load(Ordering::Relaxed),
            drain_time,
        }
    }
}

/// Counts a connection as open while it lives.
#[derive(Debug)]
pub(super) struct OpenConnection(Arc<Counters>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Closed, Counters, Refused};

    #[test]
    fn each_reason_has_a_place_of_its_own() {
        let counters = Counters::new();
        for (times, reason) in Closed::ALL.into_iter().enumerate() {
            (0..times).for_each(|_| counters.connection_closed(reason));
        }
        for (times, reason) in Refused::ALL.into_iter().enumerate() {
            (0..times).for_each(|_| counters.request_refused(reason));
        }
        let closed = counters.connections_closed().map(|(_, number)| number);
        let refused = counters.requests_refused().map(|(_, number)| number);
        assert!(closed.eq(0..Closed::ALL.len() as u64));
        assert!(refused.eq(0..Refused::ALL.len() as u64));
    }

    #[test]
    fn a_connection_is_open_until_its_guard_is_dropped() {
        let counters = Arc::new(Counters::new());
        let (first, second) = (counters.connection_opens(), counters.connection_opens());
        drop(first);
        assert_eq!(counters.connections_open(), 1);
        drop(second);
        assert_eq!(counters.connections_open(), 0);
    }
}
