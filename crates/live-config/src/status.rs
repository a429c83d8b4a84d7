use std::time::SystemTime;

use crate::digest::{ReleaseState, Sums};
use crate::reason::Reason;
use crate::state::State;

/// What became of the last configuration that was found.
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
        /// Whether it is tried again by itself: true exactly where that can help. An invalid one has to change.
        retrying: bool,
    },
    /// It was in force and did not hold; the one before is in force again. While it is tried again, this stays until it has
    /// held or is refused for another reason.
    RolledBack {
        /// Who took it back, and why.
        reason: Reason,
        /// Whether it is tried again by itself: true exactly where that can help.
        retrying: bool,
    },
}

/// How changes are noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watching {
    /// The system tells, and a poll makes sure.
    Events,
    /// Only by looking again and again, and why.
    Polling(String),
    /// Not at all: nothing is mounted that could change, and why.
    Nothing(String),
}

/// Where a process stands with its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The generation in force.
    pub generation: u64,
    /// When that came into force.
    pub in_force_since: SystemTime,
    /// What became of the last configuration that was found.
    pub apply: Apply,
    /// When `apply` began to hold.
    pub apply_since: SystemTime,
    /// What the release rendered and what is mounted, as found by the last look.
    pub found: Sums,
    /// Keys held by the environment, which cannot change.
    pub pinned: Vec<String>,
    /// How changes are noticed.
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
    /// Were taken back.
    pub rolled_back: u64,
}

impl Status {
    /// Whether what is mounted is what the release rendered.
    pub fn release(&self) -> ReleaseState {
        self.found.release_state()
    }

    /// The worst state that holds.
    pub fn state(&self) -> State {
        match (&self.apply, self.release()) {
            (Apply::Rejected { .. }, _) => State::Rejected,
            (Apply::RolledBack { .. }, _) => State::RolledBack,
            (_, ReleaseState::Drifted) => State::Drifted,
            _ if !self.pinned.is_empty() => State::Pinned,
            (Apply::Applying, _) => State::Applying,
            (Apply::Converged, _) => State::Converged,
        }
    }
}

impl Apply {
    /// The state's name as it is published.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::Applying => "applying",
            Self::Rejected { .. } => "rejected",
            Self::RolledBack { .. } => "rolled_back",
        }
    }

    /// Why the last configuration is not in force; empty if it is.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Rejected { reasons, .. } => reasons,
            Self::RolledBack { reason, .. } => std::slice::from_ref(reason),
            Self::Converged | Self::Applying => &[],
        }
    }

    /// Whether the last configuration is not in force and is tried again without having changed.
    pub fn retrying(&self) -> bool {
        match self {
            Self::Rejected { retrying, .. } | Self::RolledBack { retrying, .. } => *retrying,
            Self::Converged | Self::Applying => false,
        }
    }
}
