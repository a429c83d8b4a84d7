//! Log lines about the configuration: keys and reasons, never a value.

use chassis::telemetry::LIFECYCLE;
use live_config::Event;

use crate::fingerprint::is_weak;
use crate::settings::Settings;

/// Logs `event`, and a warning if it brought a weak key into force.
pub(super) fn log(event: &Event<Settings>) {
    event.log("configuration changed");
    if let Event::Committed { new, changes, .. } = event
        && changes.contains("SECRET_KEY")
    {
        warn_of_weak_key(&new.settings);
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
