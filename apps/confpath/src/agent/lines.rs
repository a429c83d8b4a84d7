//! Log lines about the configuration, one for each outcome: keys and reasons, never a value.

use chassis::telemetry::LIFECYCLE;
use live_config::{Event, Reason, Unknown};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use serde::de::IgnoredAny;

/// Logs each event, until every sender is dropped.
pub(crate) async fn log_events(mut events: Receiver<Event<IgnoredAny>>) {
    loop {
        match events.recv().await {
            Ok(event) => log(&event),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(target: LIFECYCLE, missed, "events missed: the log lacks them");
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn log(event: &Event<IgnoredAny>) {
    match event {
        Event::Committed { new, changes, .. } => {
            let keys = changes.keys().collect::<Vec<_>>().join(",");
            let lag = new.written.and_then(|written| new.since().duration_since(written).ok());
            let (generation, lag_ms) = (new.generation, lag.map(|lag| lag.as_secs_f64() * 1000.0));
            tracing::info!(target: LIFECYCLE, generation, keys, lag_ms, "configuration delivered");
        }
        Event::Rejected { reasons, retrying } => {
            let reasons = joined(reasons);
            tracing::error!(target: LIFECYCLE, reasons, retrying, "configuration rejected, the one before serves on");
        }
        Event::Pending { reasons } => {
            let reasons = joined(reasons);
            tracing::warn!(target: LIFECYCLE, reasons, "configuration pending, the one before serves on");
        }
        Event::RolledBack { in_force, reason, retrying, .. } => {
            let (generation, reason) = (in_force.generation, reason.to_string());
            tracing::error!(target: LIFECYCLE, generation, reason, retrying, "configuration rolled back");
        }
        Event::Unknown(files) => {
            for Unknown { name, path, suggestion } in files {
                let (path, did_you_mean) = (path.display(), suggestion);
                tracing::warn!(target: LIFECYCLE, setting = name, %path, did_you_mean, "unknown setting ignored");
            }
        }
        Event::Restored => {
            tracing::info!(target: LIFECYCLE, "configuration that was not in force was reverted at the source");
        }
    }
}

fn joined(reasons: &[Reason]) -> String {
    reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
