//! Errors for settings that the wiring of the process does not permit.

use thiserror::Error;

/// Command for a change that a running process must not apply.
const RESTART: &str = "kubectl rollout restart deploy/NAME";

/// A setting that the flags of this process do not permit.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{setting}: {message}")]
pub struct NotPermitted {
    /// The setting.
    pub setting: &'static str,
    /// The reason and the remedy, as a lower-case fragment.
    pub message: String,
}

impl NotPermitted {
    pub(crate) fn new(setting: &'static str, message: impl Into<String>) -> Self {
        Self { setting, message: message.into() }
    }

    /// A change that only a restart brings into force; `why` says so.
    pub(crate) fn needs_restart(setting: &'static str, why: &str) -> Self {
        Self::new(setting, format!("{why}: {RESTART}"))
    }
}

impl From<NotPermitted> for live_config::Refusal {
    fn from(NotPermitted { setting, message }: NotPermitted) -> Self {
        Self::permanent(message).about(setting)
    }
}
