use std::time::SystemTime;

use crate::digest::{ReleaseState, Sums};
use crate::reason::Reason;
use crate::state::State;

/// Outcome of the last configuration that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Apply {
    /// It is in force.
    Converged,
    /// It is being prepared or observed.
    Applying,
    /// It is refused; the one before stays in force.
    Rejected {
        /// Every reason, one line each, without secrets.
        reasons: Vec<Reason>,
        /// True if the driver retries without a change: only for a refusal that can pass. An invalid configuration has to
        /// change.
        retrying: bool,
    },
    /// It waits, for a restart of the process or for its time; the one before stays in force.
    Pending {
        /// One reason for each setting that only a restart brings into force, or for each participant that has put it off.
        reasons: Vec<Reason>,
        /// True if it is only put off, and tried again without a change.
        retrying: bool,
    },
    /// It came into force and was rolled back: the one before is in force again. During retries this outcome stays until the
    /// configuration is settled or refused for another reason.
    RolledBack {
        /// The participant that objected, and its reason.
        reason: Reason,
        /// True if the driver retries without a change: only for a refusal that can pass.
        retrying: bool,
    },
}

/// Detection of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watching {
    /// File system events, with polling for events that were lost.
    Events,
    /// Polling only, with the reason.
    Polling(String),
    /// No detection, because nothing is mounted that could change; with the reason.
    Nothing(String),
}

/// Configuration state of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The generation in force.
    pub generation: u64,
    /// When that came into force.
    pub in_force_since: SystemTime,
    /// Outcome of the last configuration that was found.
    pub apply: Apply,
    /// When `apply` began to hold.
    pub apply_since: SystemTime,
    /// Seals of the release and of the mounted files, as found by the last look.
    pub found: Sums,
    /// Keys held by the environment, which cannot change.
    pub pinned: Vec<String>,
    /// Detection of changes.
    pub watching: Watching,
    /// Reloads so far, by outcome.
    pub reloads: Reloads,
}

/// Reloads by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reloads {
    /// Came into force and held.
    pub committed: u64,
    /// Were refused: invalid, or could not be prepared.
    pub rejected: u64,
    /// Wait, each counted once.
    pub pending: u64,
    /// Were taken back.
    pub rolled_back: u64,
}

impl Reloads {
    /// Each outcome as it is published, with its number.
    pub fn by_outcome(&self) -> [(&'static str, u64); 4] {
        [
            ("committed", self.committed),
            ("rejected", self.rejected),
            ("pending", self.pending),
            ("rolled_back", self.rolled_back),
        ]
    }
}

impl Status {
    /// Compares the mounted files with the release.
    pub fn release(&self) -> ReleaseState {
        self.found.release_state()
    }

    /// The worst state that holds.
    pub fn state(&self) -> State {
        let applied = self.apply.state();
        if matches!(applied, State::Rejected | State::RolledBack | State::Pending) {
            applied
        } else if self.release() == ReleaseState::Drifted {
            State::Drifted
        } else if self.pinned.is_empty() {
            applied
        } else {
            State::Pinned
        }
    }
}

impl Apply {
    /// The state's name as it is published.
    pub fn as_str(&self) -> &'static str {
        self.state().as_str()
    }

    /// The state without the details.
    fn state(&self) -> State {
        match self {
            Self::Converged => State::Converged,
            Self::Applying => State::Applying,
            Self::Rejected { .. } => State::Rejected,
            Self::Pending { .. } => State::Pending,
            Self::RolledBack { .. } => State::RolledBack,
        }
    }

    /// Reasons for which the last configuration is not in force; empty if it is.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Rejected { reasons, .. } | Self::Pending { reasons, .. } => reasons,
            Self::RolledBack { reason, .. } => std::slice::from_ref(reason),
            Self::Converged | Self::Applying => &[],
        }
    }

    /// Returns true if the last configuration is not in force and is retried without a change.
    pub fn retrying(&self) -> bool {
        match self {
            Self::Rejected { retrying, .. }
            | Self::Pending { retrying, .. }
            | Self::RolledBack { retrying, .. } => *retrying,
            Self::Converged | Self::Applying => false,
        }
    }
}
