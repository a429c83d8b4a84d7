//! What is kept, and how it is asked for.

use std::time::SystemTime;

/// One thing to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Something became of one setting.
    Change(Change),
    /// Someone saw secrets.
    Access(Access),
}

impl Record {
    /// Whether anything that is wrong for long may write it again and again.
    pub(super) fn is_repeatable(&self) -> bool {
        matches!(self, Self::Change(change) if change.outcome == Outcome::Rejected)
    }
}

/// What became of one setting of a configuration that this replica found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When, by this replica's clock.
    pub at: SystemTime,
    /// The generation that was in force afterwards.
    pub generation: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// The setting; empty where the reason names none.
    pub key: String,
    /// Its value before: of a secret the fingerprint or mark. `None` where it had none, or nothing came into force.
    pub old: Option<String>,
    /// Its value afterwards, in the same form.
    pub new: Option<String>,
    /// Why, where it is not in force.
    pub reason: Option<String>,
}

/// What became of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It came into force.
    Committed,
    /// It was refused.
    Rejected,
    /// It was in force and was taken back.
    RolledBack,
}

impl Outcome {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Committed, Self::Rejected, Self::RolledBack];

    /// As it is kept and published.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Rejected => "rejected",
            Self::RolledBack => "rolled_back",
        }
    }

    /// The outcome of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// Reads of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// When; of anonymous reads the end of the time they are summed over.
    pub at: SystemTime,
    /// The listener that was asked.
    pub listener: &'static str,
    /// Whether secrets were shown.
    pub kind: AccessKind,
    /// How many reads the record stands for.
    pub count: u64,
    /// The request, where the record stands for one.
    pub request_id: Option<String>,
}

/// How the settings were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKind {
    /// With secrets, one record each.
    Reveal,
    /// By anyone on the public listener, one record a minute, later one an hour.
    Anonymous,
}

impl AccessKind {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Reveal, Self::Anonymous];

    /// As it is kept and published.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reveal => "reveal",
            Self::Anonymous => "anonymous",
        }
    }

    /// The kind of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Which changes to show: those that satisfy all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Of this setting.
    pub key: Option<String>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// At or after this time.
    pub since: Option<SystemTime>,
    /// Before this time.
    pub until: Option<SystemTime>,
}

/// Which accesses to show: those that satisfy all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessFilter {
    /// Of this kind.
    pub kind: Option<AccessKind>,
    /// At or after this time.
    pub since: Option<SystemTime>,
    /// Before this time.
    pub until: Option<SystemTime>,
}

/// A place in a list, newest first: just after the row of this id. Rows that come later do not move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub i64);

/// One part of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<Position>,
}

/// A change as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Grows with each record.
    pub id: i64,
    /// Milliseconds since 1970, by the replica's clock.
    pub at_ms: i64,
    /// The replica that saw it.
    pub replica: String,
    /// The generation that was in force there afterwards.
    pub generation: i64,
    /// See [`Outcome::as_str`].
    pub outcome: String,
    /// See [`Change::key`].
    pub key: String,
    /// See [`Change::old`].
    pub old: Option<String>,
    /// See [`Change::new`].
    pub new: Option<String>,
    /// See [`Change::reason`].
    pub reason: Option<String>,
}

/// An access as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// Grows with each record.
    pub id: i64,
    /// Milliseconds since 1970, by the replica's clock.
    pub at_ms: i64,
    /// The replica that was asked; `*` where the record stands for several.
    pub replica: String,
    /// The listener that was asked.
    pub listener: String,
    /// See [`AccessKind::as_str`].
    pub kind: String,
    /// How many reads the row stands for.
    pub count: i64,
    /// See [`Access::request_id`].
    pub request_id: Option<String>,
}
