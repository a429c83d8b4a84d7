//! Metrics of the sessions.

use chassis::telemetry::{Metrics, Sample};

use super::Database;

impl Database {
    /// Adds the metrics of the sessions.
    pub(crate) fn register_metrics(&self, metrics: &Metrics) {
        let database = self.clone();
        metrics.gauge(
            "database_sessions",
            "Sessions with the database, with those being opened or closed",
            move || vec![Sample::value(database.sessions() as f64)],
        );
    }
}
