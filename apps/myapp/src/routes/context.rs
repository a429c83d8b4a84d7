use chassis::Health;
use live_config::{Loaded, Text};

use crate::settings::Settings;

/// What every route may read.
pub struct Context {
    /// The configuration in force.
    pub(super) loaded: Loaded<Settings>,
    pub(super) health: Health,
    /// Whether the public listener shows secrets.
    pub(super) expose_secrets: bool,
}

impl Context {
    /// A context around the configuration in force.
    pub fn new(loaded: Loaded<Settings>, health: Health, expose_secrets: bool) -> Self {
        Self { loaded, health, expose_secrets }
    }

    /// The text of a setting, secrets included; empty where nothing gives a value.
    pub(super) fn text(&self, key: &str) -> &str {
        match self.loaded.values.get(key).map(|value| &value.text) {
            Some(Text::Plain(text)) => text,
            Some(Text::Secret(secret)) => secret.expose(),
            None => "",
        }
    }

    /// Says in the log which configuration is in force, and what someone should look at.
    pub fn announce(&self) {
        tracing::info!(
            target: "lifecycle",
            version = env!("CARGO_PKG_VERSION"),
            config.release = self.loaded.sums.release_state().as_str(),
            config.running = self.loaded.sums.mounted,
            "configuration in force"
        );
        for path in &self.loaded.unknown {
            tracing::warn!(target: "lifecycle", path = %path.display(), "unknown setting ignored");
        }
        if self.expose_secrets {
            tracing::warn!(target: "lifecycle", "secrets are shown unmasked on the public listener");
        }
    }
}
