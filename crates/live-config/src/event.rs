use std::fmt;
use std::sync::Arc;

use crate::directory::Unknown;
use crate::reason::Reason;
use crate::snapshot::{Changes, Snapshot};

/// Something that happened to the configuration.
///
/// An event with snapshots holds them in memory, secrets included, until every receiver has read the event: a receiver must be
/// polled or dropped.
pub enum Event<S> {
    /// A new generation is in force. For one that was rolled back before, it comes when the generation has held.
    Committed {
        /// The generation before.
        old: Arc<Snapshot<S>>,
        /// The generation in force.
        new: Arc<Snapshot<S>>,
        /// The difference.
        changes: Changes,
    },
    /// A configuration was refused; sent once for the same configuration and reasons.
    Rejected {
        /// Every reason.
        reasons: Vec<Reason>,
        /// True if it is tried again by itself.
        retrying: bool,
    },
    /// A configuration waits for a restart, or for its time; sent once for the same configuration and reasons.
    Pending {
        /// Every reason.
        reasons: Vec<Reason>,
        /// True if it is tried again by itself.
        retrying: bool,
    },
    /// A generation that had come into force was taken back; sent once for the same configuration and reason.
    RolledBack {
        /// The generation taken back.
        taken_back: Arc<Snapshot<S>>,
        /// The generation in force again.
        in_force: Arc<Snapshot<S>>,
        /// The difference.
        changes: Changes,
        /// The participant that took it back, and its reason.
        reason: Reason,
        /// True if it is tried again by itself.
        retrying: bool,
    },
    /// Files whose names are no settings, at the first look and whenever the mounted content has changed.
    Unknown(Vec<Unknown>),
    /// The configuration that was not in force was reverted at its source: what is in force is what is mounted again.
    Restored,
}

impl<S> Clone for Event<S> {
    fn clone(&self) -> Self {
        match self {
            Self::Committed { old, new, changes } => {
                Self::Committed { old: Arc::clone(old), new: Arc::clone(new), changes: changes.clone() }
            }
            Self::Rejected { reasons, retrying } => {
                Self::Rejected { reasons: reasons.clone(), retrying: *retrying }
            }
            Self::Pending { reasons, retrying } => {
                Self::Pending { reasons: reasons.clone(), retrying: *retrying }
            }
            Self::RolledBack { taken_back, in_force, changes, reason, retrying } => Self::RolledBack {
                taken_back: Arc::clone(taken_back),
                in_force: Arc::clone(in_force),
                changes: changes.clone(),
                reason: reason.clone(),
                retrying: *retrying,
            },
            Self::Unknown(files) => Self::Unknown(files.clone()),
            Self::Restored => Self::Restored,
        }
    }
}

/// Generations by number, never a value.
impl<S> fmt::Debug for Event<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Committed { new, changes, .. } => {
                f.debug_struct("Committed").field("new", &new.generation).field("changes", changes).finish()
            }
            Self::Rejected { reasons, retrying } => {
                f.debug_struct("Rejected").field("reasons", reasons).field("retrying", retrying).finish()
            }
            Self::Pending { reasons, retrying } => {
                f.debug_struct("Pending").field("reasons", reasons).field("retrying", retrying).finish()
            }
            Self::RolledBack { in_force, reason, retrying, .. } => f
                .debug_struct("RolledBack")
                .field("in_force", &in_force.generation)
                .field("reason", reason)
                .field("retrying", retrying)
                .finish(),
            Self::Unknown(files) => f.debug_tuple("Unknown").field(files).finish(),
            Self::Restored => f.write_str("Restored"),
        }
    }
}
