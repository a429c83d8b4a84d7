//! Reasons for failures of the database, as used in metrics, responses and logs.

mod from_drivers;

use std::fmt;

use crate::backend::{NoToken, TlsFault};

/// Codes assigned by this process.
const SILENT: &str = "silent";
const MOVED: &str = "replaced";

/// The reason for a failure of the database: a closed set, suitable for metrics and responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The server's host answers, and no process listens on the port.
    Refused,
    /// The server, or the role, accepts no more sessions.
    SessionLimit,
    /// This process is about to end.
    Stopping,
    /// The server is unreachable, or closed the connection.
    Unreachable,
    /// The database did not answer in time, or every session was busy for that long.
    Timeout,
    /// The server rejects the credential.
    Authentication,
    /// The server's certificate was rejected.
    Certificate,
    /// The response is not that of a PostgreSQL server that accepts this process's sessions.
    Protocol,
    /// The role lacks a permission.
    Permission,
    /// The server has no database of that name.
    NoDatabase,
    /// The database is read-only.
    ReadOnly,
    /// The database's disk is full.
    Full,
    /// Another session or process holds a lock.
    Locked,
    /// The stored data cannot be read any more.
    Corrupt,
    /// Tables or columns are missing.
    Schema,
    /// Any other reason; the code names it.
    Other,
}

impl Reason {
    /// Returns the published name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::SessionLimit => "session_limit",
            Self::Stopping => "stopping",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::Certificate => "certificate",
            Self::Protocol => "protocol",
            Self::Permission => "permission",
            Self::NoDatabase => "no_database",
            Self::ReadOnly => "read_only",
            Self::Full => "full",
            Self::Locked => "locked",
            Self::Corrupt => "corrupt",
            Self::Schema => "schema",
            Self::Other => "other",
        }
    }
}

/// The database did not perform an operation. None of it took effect, unless only the response was lost.
///
/// No text of the driver or the server is stored: it may hold names, statements and connect options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseError {
    /// Reason for the failure.
    pub reason: Reason,
    /// SQLSTATE of PostgreSQL, extended result code of SQLite or, without either, a code of this service.
    pub code: Option<String>,
}

/// Formats a lower-case fragment: the failure, and the code in parentheses if it adds detail.
impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())?;
        match &self.code {
            Some(code) if code != self.reason.as_str() => write!(f, " ({code})"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for DatabaseError {}

impl DatabaseError {
    /// Builds the error for a reason that needs no further detail: the code is the reason's name.
    pub(crate) fn of(reason: Reason) -> Self {
        Self::with(reason, reason.as_str())
    }

    pub(super) fn with(reason: Reason, code: &str) -> Self {
        Self { reason, code: Some(code.to_owned()) }
    }

    fn sentence(&self) -> &'static str {
        let own = self.code.as_deref().and_then(|code| TlsFault::sentence(code).or_else(|| of_login(code)));
        own.unwrap_or(match self.reason {
            Reason::Refused => "nothing listens at the database's address",
            Reason::SessionLimit => "the database takes no more sessions",
            Reason::Stopping => "this process is stopping",
            Reason::Unreachable => "the database cannot be reached",
            Reason::Timeout => "the database did not answer in time",
            Reason::Authentication => "the database refuses the credential",
            Reason::Certificate => "the database server's certificate is refused",
            Reason::Protocol => "the database server refuses how it is spoken to",
            Reason::Permission => "the database role lacks a permission",
            Reason::NoDatabase => "the server has no database of that name",
            Reason::ReadOnly => "the database may be read only",
            Reason::Full => "the database has no room left",
            Reason::Locked => "the database is locked by someone else",
            Reason::Corrupt => "the database is damaged",
            Reason::Schema => "tables or columns of the database are missing",
            Reason::Other => "the database failed",
        })
    }

    /// Builds the error of a session that did not answer for longer than the server lets any statement take.
    pub(super) fn silent() -> Self {
        Self::with(Reason::Timeout, SILENT)
    }

    pub(super) fn is_silent(&self) -> bool {
        self.code.as_deref() == Some(SILENT)
    }

    /// Builds the error of a session whose open file is not the one at its path.
    pub(super) fn moved() -> Self {
        Self::with(Reason::Unreachable, MOVED)
    }

    pub(super) fn is_moved(&self) -> bool {
        self.code.as_deref() == Some(MOVED)
    }

    /// Returns true if other open sessions may fail for the same reason: the server is gone, or another one is the primary now.
    pub(super) fn concerns_other_sessions(&self) -> bool {
        matches!(self.reason, Reason::Unreachable | Reason::ReadOnly) || self.is_silent()
    }

    /// Returns true if another session may succeed, or this one after the tables are restored.
    pub(super) fn may_work_elsewhere(&self) -> bool {
        self.concerns_other_sessions() || self.reason == Reason::Schema
    }

    /// Returns true if the session stays usable, although a transaction may be open: the server answered.
    pub(super) fn leaves_session_usable(&self) -> bool {
        let is_sqlstate = |code: &str| {
            code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        };
        !self.concerns_other_sessions() && self.code.as_deref().is_some_and(is_sqlstate)
    }

    /// Returns true if the server or a pooler answered and refused the session, and would do so again.
    pub(super) fn is_refused_session(&self) -> bool {
        match self.reason {
            Reason::Authentication
            | Reason::Certificate
            | Reason::Protocol
            | Reason::Permission
            | Reason::NoDatabase
            | Reason::SessionLimit
            | Reason::Other => true,
            Reason::Refused
            | Reason::Stopping
            | Reason::Unreachable
            | Reason::Timeout
            | Reason::ReadOnly
            | Reason::Full
            | Reason::Locked
            | Reason::Schema
            | Reason::Corrupt => false,
        }
    }

    /// Returns true if the database works and rejects the data, and would do so again.
    pub(crate) fn is_about_the_data(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        match (self.reason, code.parse::<i32>()) {
            // SQLSTATE has five characters and begins with the class: data exceptions, violated constraints.
            (Reason::Other, _) if code.len() == 5 => code.starts_with("22") || code.starts_with("23"),
            // SQLite's too big, constraint, mismatch and range.
            (Reason::Other, Ok(code)) => matches!(code & 0xff, 18 | 19 | 20 | 25),
            _ => false,
        }
    }
}

/// Returns the explanation of a login failure for a code of this service.
fn of_login(code: &str) -> Option<&'static str> {
    Some(match code {
        "name_not_found" => "the name of the database's host cannot be resolved",
        "clear_text_password" => {
            "the server wants the password in clear text, which is never sent: let it ask for scram-sha-256"
        }
        "md5_password" => {
            "the server wants an MD5 digest of the password, which is sent over sslmode=verify-full only: let it ask \
                for scram-sha-256"
        }
        "no_postgresql" => "what listens at the database's address is no PostgreSQL server",
        "tls_failed" => "TLS with the database server failed",
        NoToken::CODE => NoToken::SENTENCE,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
