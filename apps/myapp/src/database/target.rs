//! The target of a generation of sessions: an SQLite file or a PostgreSQL server.

use std::path::PathBuf;

use super::server::Server;

/// Maximum number of SQLite sessions. SQLite has one writer at a time, and its sessions are threads: more of them would only wait
/// for each other.
const SQLITE_SESSIONS: usize = 4;

/// A database and the credential for it.
#[derive(Clone)]
pub(crate) enum Target {
    /// An SQLite file of this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(Server),
}

impl Target {
    /// Returns the number of sessions that are of use, at most `limit`.
    pub(super) fn sessions(&self, limit: u16) -> usize {
        match self {
            Self::Sqlite(_) => usize::from(limit).min(SQLITE_SESSIONS),
            Self::Postgres(_) => limit.into(),
        }
    }

    /// Returns true if sessions opened for `self` are valid for `other` as well.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sqlite(one), Self::Sqlite(other)) => one == other,
            (Self::Postgres(one), Self::Postgres(other)) => one.is_same(other),
            _ => false,
        }
    }
}
