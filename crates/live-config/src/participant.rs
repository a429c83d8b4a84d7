use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::snapshot::{Changes, Snapshot};

/// What a participant's steps return.
pub type Step<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Why a participant refuses a configuration, and whether it may accept the same one later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The setting concerned, if it is one alone.
    pub setting: Option<&'static str>,
    /// A lower-case fragment without a secret.
    pub message: String,
    /// Whether a retry can help.
    pub kind: RefusalKind,
}

/// Whether a retry can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// Something outside of the configuration stands in the way: the same configuration is tried again, after a delay that
    /// doubles each time.
    Transient,
    /// The same configuration will be refused for as long as this process runs: it must change, or the process must restart. It is
    /// not tried again.
    Permanent,
}

impl Refusal {
    /// A refusal for a cause that may pass.
    pub fn transient(message: impl Into<String>) -> Self {
        Self { setting: None, message: message.into(), kind: RefusalKind::Transient }
    }

    /// A refusal that no retry can change.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self { setting: None, message: message.into(), kind: RefusalKind::Permanent }
    }

    /// Names the setting concerned.
    #[must_use]
    pub fn about(self, setting: &'static str) -> Self {
        Self { setting: Some(setting), ..self }
    }
}

/// The setting, if one is named, and the message.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.setting {
            Some(setting) => write!(f, "{setting}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Refusal {}

/// Something that must be rebuilt for a new configuration before it may come into force: a connection pool, a
/// log filter, a certificate.
pub trait Participant<S>: Send + Sync {
    /// Its name in reasons and logs.
    fn name(&self) -> &'static str;

    /// Builds what `next` needs, beside what serves now. Dropping the result must undo it.
    ///
    /// Run in parallel with the other participants, under a deadline, and called again later if one of them fails and none
    /// of them permanently; not called where no value changed. A panic is a transient refusal.
    fn prepare(&self, next: Arc<Snapshot<S>>, changes: &Changes) -> Step<Result<Box<dyn Prepared>, Refusal>>;
}

/// What is ready to come into force.
pub trait Prepared: Send {
    /// Puts it into force. It cannot fail: all that could has been done while preparing. Should it panic, every
    /// participant before it is rolled back and the configuration is refused.
    fn commit(self: Box<Self>) -> Box<dyn Committed>;
}

/// What has come into force and may still be taken back. It is dropped without a further call when the process stops
/// within the observe window.
pub trait Committed: Send {
    /// A step that ends with the reason when it turns out not to hold, and never otherwise. It is awaited during the
    /// observe window; where no participant has one, there is no such window, and the next change need not wait. After a
    /// transient refusal the same configuration is prepared again later.
    fn veto(&mut self) -> Option<Step<Refusal>> {
        None
    }

    /// The observe window is over: what served before can go.
    fn settle(self: Box<Self>) {}

    /// Puts back what served before.
    fn roll_back(self: Box<Self>);
}
