//! Log lines about the configuration, one for each outcome.

use chassis::telemetry::LIFECYCLE;
use live_config::Event;
use serde::de::IgnoredAny;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Logs each event, until every sender is dropped.
pub(crate) async fn log_events(mut events: Receiver<Event<IgnoredAny>>) {
    loop {
        match events.recv().await {
            Ok(event) => event.log("configuration delivered"),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(target: LIFECYCLE, missed, "events missed: the log lacks them");
            }
            Err(RecvError::Closed) => return,
        }
    }
}
