//! Metrics of the history and the accesses.

use chassis::telemetry::{Metrics, Sample};

use super::Store;

impl Store {
    /// Adds the metrics of the records and of their database.
    pub(crate) fn register_metrics(&self, metrics: &Metrics) {
        let read = |read: fn(&Self) -> u64| {
            let store = self.clone();
            move || vec![Sample::value(read(&store) as f64)]
        };
        metrics.counter(
            "history_records_dropped",
            "Records that were not kept, because too many waited or the database does not take them",
            read(Self::dropped),
        );
        metrics.counter(
            "secret_reveals",
            "Looks at secrets that this replica recorded and answered",
            read(Self::reveals),
        );
        metrics.gauge(
            "history_records_waiting",
            "Records that wait for the database",
            read(|store| store.waiting() as u64),
        );
        self.database().register_metrics(metrics);
    }
}
