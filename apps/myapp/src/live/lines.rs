//! Log lines about the configuration: keys and reasons, never a value.

use chassis::telemetry::LIFECYCLE;
use live_config::{Event, Unknown};

use crate::fingerprint::is_weak;
use crate::settings::Settings;

/// Logs one line for `event`.
pub(super) fn log(event: &Event<Settings>) {
    match event {
        Event::Committed { new, changes, .. } => {
            let keys = changes.keys().collect::<Vec<_>>().join(",");
            let lag = new.written.and_then(|written| new.since().duration_since(written).ok());
            let lag_ms = lag.map(|lag| lag.as_secs_f64() * 1000.0);
            let generation = new.generation;
            tracing::info!(target: LIFECYCLE, generation, keys, lag_ms, "configuration changed");
            if changes.contains("SECRET_KEY") {
                warn_of_weak_key(&new.settings);
            }
        }
        Event::Rejected { reasons, retrying } => {
            let reasons = reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            tracing::error!(target: LIFECYCLE, reasons, retrying, "configuration rejected, the one before serves on");
        }
        Event::Pending { reasons } => {
            let reasons = reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
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

/// Logs one warning if `SECRET_KEY` can be guessed.
pub(crate) fn warn_of_weak_key(settings: &Settings) {
    if is_weak(&settings.secret_key) {
        tracing::warn!(
            target: LIFECYCLE,
            "SECRET_KEY can be guessed: cursors can be forged, and the history stores no fingerprints under it; set 32 or \
            more random characters, as `openssl rand -hex 32` prints them"
        );
    }
}
