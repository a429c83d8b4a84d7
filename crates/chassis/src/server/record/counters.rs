//! Counters of the server.
//!
//! Each counter is one relaxed atomic. Reasons are closed sets with fixed labels, so that a client cannot add a time series.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::reasons::{CloseReason, RejectReason};
#[cfg(feature = "metrics")]
use crate::telemetry::metrics::Metrics;
#[cfg(feature = "metrics")]
use crate::telemetry::metrics::callback::Sample;

/// Report of a finished drain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrainReport {
    /// Connections accepted on all listeners.
    pub connections: u64,
    /// Connections accepted after the stop signal that carried more than probes. Above zero, a load balancer still sent
    /// traffic: clients would have seen errors if the server had stopped accepting at once.
    pub late_arrivals: u64,
    /// Requests in flight that were cut at the end of their budget.
    pub requests_cut: u64,
    /// Connections closed because a client was too slow or idle for too long.
    pub connections_expired: u64,
    /// Connections closed so that a full listener could accept another one.
    pub connections_evicted: u64,
    /// Requests that the server itself rejected: malformed, too large, or without a response in time.
    pub requests_refused: u64,
    /// Times that a connection had to wait because all connections of a full listener were busy.
    pub accept_pauses: u64,
    /// Time from the stop signal to the end.
    pub drain_time: Duration,
}

#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) connections: AtomicU64,
    pub(crate) late_arrivals: AtomicU64,
    pub(crate) accept_pauses: AtomicU64,
    pub(crate) accept_errors: AtomicU64,
    open: AtomicU64,
    closed: [AtomicU64; CloseReason::ALL.len()],
    refused: [AtomicU64; RejectReason::ALL.len()],
    born: Instant,
    /// Nanoseconds since `born`.
    last_traffic: AtomicU64,
    cut: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counters {
    pub(crate) fn new() -> Self {
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

    /// Adds all counters to the metrics.
    #[cfg(feature = "metrics")]
    pub(crate) fn register(self: &Arc<Self>, metrics: &Metrics) {
        let read = |read: fn(&Self) -> Vec<Sample>| {
            let counters = Arc::clone(self);
            move || read(&counters)
        };
        metrics.gauge(
            "http_server_open_connections",
            "Connections open now",
            read(|counters| vec![Sample::value(counters.connections_open() as f64)]),
        );
        metrics.counter(
            "http_server_connections_closed",
            "Connections ended by this side, by reason",
            read(|counters| {
                let sample =
                    |(reason, n): (CloseReason, u64)| Sample::labelled("reason", reason.label(), n as f64);
                counters.connections_closed().map(sample).collect()
            }),
        );
        metrics.counter(
            "http_server_requests_refused",
            "Requests that the server itself refused, by reason",
            read(|counters| {
                let sample =
                    |(reason, n): (RejectReason, u64)| Sample::labelled("reason", reason.label(), n as f64);
                counters.requests_rejected().map(sample).collect()
            }),
        );
        metrics.counter(
            "http_server_requests_cut",
            "Requests cut at the end of the drain",
            read(|counters| vec![Sample::value(counters.requests_cut() as f64)]),
        );
        self.register_plain(metrics);
    }

    /// Adds the counters without labels.
    #[cfg(feature = "metrics")]
    fn register_plain(self: &Arc<Self>, metrics: &Metrics) {
        let plain = |name, help, pick: fn(&Self) -> &AtomicU64| {
            let counters = Arc::clone(self);
            let read = move || vec![Sample::value(pick(&counters).load(Ordering::Relaxed) as f64)];
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
    }

    /// Counts an accepted connection, which is open until the guard is dropped.
    pub(crate) fn connection_opened(self: &Arc<Self>) -> OpenConnection {
        count(&self.connections);
        count(&self.open);
        OpenConnection(Arc::clone(self))
    }

    /// Counts a connection that this side closes. Not called if the client closes it, or if it ends after its last response.
    pub(crate) fn connection_closed(&self, reason: CloseReason) {
        count(&self.closed[reason as usize]);
    }

    /// Counts a request that the server, and not a route, answered with an error.
    pub(crate) fn request_rejected(&self, reason: RejectReason) {
        count(&self.refused[reason as usize]);
    }

    /// Connections open now, on all listeners.
    #[cfg(any(test, feature = "metrics"))]
    pub(crate) fn connections_open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections that this side closed, in the order of [`CloseReason::ALL`].
    pub(crate) fn connections_closed(&self) -> impl Iterator<Item = (CloseReason, u64)> {
        CloseReason::ALL
            .into_iter()
            .map(|reason| (reason, self.closed[reason as usize].load(Ordering::Relaxed)))
    }

    /// Requests that the server rejected, in the order of [`RejectReason::ALL`].
    pub(crate) fn requests_rejected(&self) -> impl Iterator<Item = (RejectReason, u64)> {
        RejectReason::ALL
            .into_iter()
            .map(|reason| (reason, self.refused[reason as usize].load(Ordering::Relaxed)))
    }

    /// Stores the time of a request on a traffic listener that is not a probe.
    pub(crate) fn traffic_seen(&self, now: Instant) {
        let age = now.saturating_duration_since(self.born);
        self.last_traffic.store(u64::try_from(age.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn last_traffic(&self) -> Instant {
        self.born + Duration::from_nanos(self.last_traffic.load(Ordering::Relaxed))
    }

    /// Counts a request in flight on `listener` that was cut.
    pub(crate) fn request_cut(&self, listener: &'static str) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner).entry(listener).or_default() += 1;
    }

    fn requests_cut(&self) -> u64 {
        self.cut.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// Requests cut on each listener, as `public: 2, admin: 1`; empty if there are none.
    pub(crate) fn cut_by_listener(&self) -> String {
        let cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        let parts: Vec<_> = cut.iter().map(|(listener, number)| format!("{listener}: {number}")).collect();
        parts.join(", ")
    }

    pub(crate) fn report(&self, drain_time: Duration) -> DrainReport {
        let expired = self.connections_closed().filter(|(reason, _)| reason.is_deadline());
        DrainReport {
            connections: self.connections.load(Ordering::Relaxed),
            late_arrivals: self.late_arrivals.load(Ordering::Relaxed),
            requests_cut: self.requests_cut(),
            connections_expired: expired.map(|(_, number)| number).sum(),
            connections_evicted: self.closed[CloseReason::Evicted as usize].load(Ordering::Relaxed),
            requests_refused: self.requests_rejected().map(|(_, number)| number).sum(),
            accept_pauses: self.accept_pauses.load(Ordering::Relaxed),
            drain_time,
        }
    }
}

/// Guard that counts a connection as open until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<Counters>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{CloseReason, Counters, RejectReason};

    #[test]
    fn each_reason_has_its_own_counter() {
        let counters = Counters::new();
        for (times, reason) in CloseReason::ALL.into_iter().enumerate() {
            (0..times).for_each(|_| counters.connection_closed(reason));
        }
        for (times, reason) in RejectReason::ALL.into_iter().enumerate() {
            (0..times).for_each(|_| counters.request_rejected(reason));
        }
        let closed = counters.connections_closed().map(|(_, number)| number);
        let refused = counters.requests_rejected().map(|(_, number)| number);
        assert!(closed.eq(0..CloseReason::ALL.len() as u64));
        assert!(refused.eq(0..RejectReason::ALL.len() as u64));
    }

    #[test]
    fn connection_is_open_until_its_guard_drops() {
        let counters = Arc::new(Counters::new());
        let (first, second) = (counters.connection_opened(), counters.connection_opened());
        drop(first);
        assert_eq!(counters.connections_open(), 1);
        drop(second);
        assert_eq!(counters.connections_open(), 0);
    }
}
