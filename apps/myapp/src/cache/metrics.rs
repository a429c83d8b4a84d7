//! Metrics of the events that go through the cache.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use chassis::telemetry::{Metrics, Sample};

use super::Cache;

impl Cache {
    /// Adds the metrics of the events.
    pub(crate) fn register_metrics(&self, metrics: &Metrics) {
        let cache = self.clone();
        metrics.counter(
            "cache_events",
            "Events of the configuration that went through the cache, by what became of them",
            move || {
                let counts = &cache.shared.counts;
                let sample = |outcome, count: &AtomicU64| {
                    Sample::labelled("outcome", outcome, count.load(Relaxed) as f64)
                };
                vec![
                    sample("sent", &counts.sent),
                    sample("lost", &counts.lost),
                    sample("received", &counts.received),
                    sample("refused", &counts.refused),
                ]
            },
        );
        let hears_all = self.hears_all();
        metrics.gauge("cache_hears_all", "1 if this replica hears of all others", move || {
            vec![Sample::value(f64::from(u8::from(*hears_all.borrow())))]
        });
    }
}
