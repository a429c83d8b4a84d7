//! Log lines about the configuration: one for each outcome, and one where changes are found later than usual.

use chassis::telemetry::LIFECYCLE;
use live_config::{Event, Status, Watching};
use serde::de::IgnoredAny;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use crate::agent::turns::Turns;

/// Logs each event, until every sender is dropped. What was reverted waits for no turn any more.
pub(crate) async fn log_events(mut events: Receiver<Event<IgnoredAny>>, turns: Turns) {
    loop {
        match events.recv().await {
            Ok(event) => {
                if matches!(event, Event::Restored) {
                    turns.forget();
                }
                event.log("configuration delivered");
            }
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(target: LIFECYCLE, missed, "events missed: the log lacks them");
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Logs that the file system's events are lost, and that they are back, until the sender is dropped.
pub(crate) async fn log_watching(mut status: watch::Receiver<Status>) {
    let mut logged = Watching::Events;
    loop {
        let watching = status.borrow_and_update().watching.clone();
        // Each retry may have a reason of its own.
        if std::mem::discriminant(&watching) != std::mem::discriminant(&logged) {
            log_way(&watching);
            logged = watching;
        }
        if status.changed().await.is_err() {
            return;
        }
    }
}

fn log_way(watching: &Watching) {
    match watching {
        Watching::Events => tracing::info!(target: LIFECYCLE, "changes are found by events again"),
        Watching::Polling(reason) => {
            tracing::warn!(target: LIFECYCLE, reason, "changes are found by polling only: raise the node's limits of inotify");
        }
        Watching::Nothing(reason) => {
            tracing::warn!(target: LIFECYCLE, reason, "changes are not found: mount the configuration as a whole volume");
        }
    }
}
