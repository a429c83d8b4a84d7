use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::snapshot::{Changes, Snapshot};

/// Future that a participant's steps return.
pub type Step<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Reason for which a participant refuses a configuration, and the use of a later retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The setting concerned, if it is one alone.
    pub setting: Option<&'static str>,
    /// A lower-case fragment without a secret.
    pub message: String,
    /// Transient or permanent.
    pub kind: RefusalKind,
}

/// Kind of a refusal, by the effect of a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The obstacle lies outside of the configuration: the same configuration is tried again, after a delay that doubles each
    /// time.
    Transient,
    /// The same configuration will be refused for as long as this process runs: either the configuration changes or the process
    /// restarts. There is no retry.
    Permanent,
    /// Nothing is wrong, and it is not yet time: the configuration is pending, and asked about again after this time.
    Deferred(Duration),
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

    /// No refusal, but a time to wait: the configuration is pending until it has passed.
    pub fn deferred(message: impl Into<String>, by: Duration) -> Self {
        Self { setting: None, message: message.into(), kind: RefusalKind::Deferred(by) }
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

/// A generation that is prepared to come into force.
pub trait Prepared: Send {
    /// Puts the generation into force. This step cannot fail: everything that can fail was done while preparing. If it panics,
    /// every participant before it is rolled back and the configuration is refused.
    fn commit(self: Box<Self>) -> Box<dyn Committed>;
}

/// A generation in force that may still be rolled back. It is dropped without a further call when the process stops within the
/// observe window.
pub trait Committed: Send {
    /// A future that ends when it is known that the generation works or, with the reason, that it does not. One that never ends
    /// is taken for the former at the end of the observe window.
    ///
    /// The observe window ends once all participants have an answer; if no participant has such a future, there is no window, and
    /// the next change need not wait. After a transient refusal the same configuration is prepared again later.
    fn observe(&mut self) -> Option<Step<Result<(), Refusal>>> {
        None
    }

    /// The observe window is over: what served before can go.
    fn settle(self: Box<Self>) {}

    /// Puts back what served before.
    fn roll_back(self: Box<Self>);
}
