//! Records of the store, and the filters of its queries.

use std::time::SystemTime;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The outcome of a change of one setting.
    Change(Change),
    /// A read of the settings.
    Access(Access),
}

impl Record {
    /// Returns true if a persistent fault may write the record again and again.
    pub(super) fn is_repeatable(&self) -> bool {
        matches!(self, Self::Change(change) if change.outcome == Outcome::Rejected)
    }
}

/// The outcome of one setting of a configuration that this replica found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Time of the outcome, by this replica's clock.
    pub at: SystemTime,
    /// The generation that was in force afterwards.
    pub generation: u64,
    /// Outcome of the configuration.
    pub outcome: Outcome,
    /// The setting; empty if the reason names none.
    pub key: String,
    /// The previous value; for a secret, its fingerprint or mark. `None` if the setting had no value, or nothing came into force.
    pub old: Option<String>,
    /// The new value, in the same form.
    pub new: Option<String>,
    /// The reason why the configuration is not in force.
    pub reason: Option<String>,
}

/// The outcome of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The configuration came into force.
    Committed,
    /// The configuration was rejected.
    Rejected,
    /// The configuration was in force and was rolled back.
    RolledBack,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 3] = [Self::Committed, Self::Rejected, Self::RolledBack];

    /// Returns the name under which the outcome is stored and published.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Rejected => "rejected",
            Self::RolledBack => "rolled_back",
        }
    }

    /// Returns the outcome of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// One read, or a sum of reads, of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Time of the read; for anonymous reads, the end of the time that they are summed over.
    pub at: SystemTime,
    /// The listener that received the request.
    pub listener: &'static str,
    /// Kind of the read: with or without secrets.
    pub kind: AccessKind,
    /// Number of reads in the record.
    pub count: u64,
    /// The request id, if the record describes one request.
    pub request_id: Option<String>,
}

/// The kind of a read of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKind {
    /// A read with secrets, one record for each.
    Reveal,
    /// Reads on the public listener, one record for each minute, later one for each hour.
    Anonymous,
}

impl AccessKind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Reveal, Self::Anonymous];

    /// Returns the name under which the kind is stored and published.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reveal => "reveal",
            Self::Anonymous => "anonymous",
        }
    }

    /// Returns the kind of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Filter of changes; a change must satisfy all given conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Changes of this setting.
    pub key: Option<String>,
    /// Changes with this outcome.
    pub outcome: Option<Outcome>,
    /// Changes at or after this time.
    pub since: Option<SystemTime>,
    /// Changes before this time.
    pub until: Option<SystemTime>,
}

/// Filter of accesses; an access must satisfy all given conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessFilter {
    /// Accesses of this kind.
    pub kind: Option<AccessKind>,
    /// Accesses at or after this time.
    pub since: Option<SystemTime>,
    /// Accesses before this time.
    pub until: Option<SystemTime>,
}

/// A position in a list, newest first: just after the row of this id. Rows added later do not move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub i64);

/// One page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Rows of the page.
    pub rows: Vec<T>,
    /// Position of the next page; `None` on the last.
    pub next: Option<Position>,
}

/// A stored change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Increases with each record.
    pub id: i64,
    /// Milliseconds since 1970, by the replica's clock.
    pub at_ms: i64,
    /// The replica that recorded the change.
    pub replica: String,
    /// The generation that was in force on that replica afterwards.
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

/// A stored access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// Increases with each record.
    pub id: i64,
    /// Milliseconds since 1970, by the replica's clock.
    pub at_ms: i64,
    /// The replica that received the request; `*` if the record covers several.
    pub replica: String,
    /// The listener that received the request.
    pub listener: String,
    /// See [`AccessKind::as_str`].
    pub kind: String,
    /// Number of reads in the row.
    pub count: i64,
    /// See [`Access::request_id`].
    pub request_id: Option<String>,
}
