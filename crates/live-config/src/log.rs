//! Log lines about the configuration: keys and reasons, never a value.

use crate::directory::Unknown;
use crate::event::Event;
use crate::reason::Reason;

/// Target of lines about the life of a process, which are written whatever its log level is.
const TARGET: &str = "lifecycle";

impl<S> Event<S> {
    /// Logs the event, at the target `lifecycle`: one line or, for unknown files, one for each. `committed` is the message about a
    /// generation that has come into force.
    pub fn log(&self, committed: &'static str) {
        match self {
            Self::Committed { new, changes, .. } => {
                let keys = changes.keys().collect::<Vec<_>>().join(",");
                let lag = new.written.and_then(|written| new.since().duration_since(written).ok());
                let lag_ms = lag.map(|lag| lag.as_secs_f64() * 1000.0);
                let generation = new.generation;
                tracing::info!(target: TARGET, generation, keys, lag_ms, "{committed}");
            }
            Self::Rejected { reasons, retrying } => {
                let reasons = joined(reasons);
                tracing::error!(target: TARGET, reasons, retrying, "configuration rejected, the one before serves on");
            }
            Self::Pending { reasons, retrying } => {
                let reasons = joined(reasons);
                tracing::warn!(target: TARGET, reasons, retrying, "configuration pending, the one before serves on");
            }
            Self::RolledBack { in_force, reason, retrying, .. } => {
                let (generation, reason) = (in_force.generation, reason.to_string());
                tracing::error!(target: TARGET, generation, reason, retrying, "configuration rolled back");
            }
            Self::Unknown(files) => {
                for Unknown { name, path, suggestion } in files {
                    let (path, did_you_mean) = (path.display(), suggestion);
                    tracing::warn!(target: TARGET, setting = name, %path, did_you_mean, "unknown setting ignored");
                }
            }
            Self::Restored => {
                tracing::info!(target: TARGET, "configuration that was not in force was reverted at the source");
            }
        }
    }
}

fn joined(reasons: &[Reason]) -> String {
    reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
