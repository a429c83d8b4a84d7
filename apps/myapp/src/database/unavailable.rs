use std::fmt;
use std::io::ErrorKind;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

/// Codes of this process.
const SILENT: &str = "silent";
const MOVED: &str = "replaced";

/// Why the database does not do what was asked: a closed set, fit for metrics and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Its machine answers, and nobody listens there.
    Refused,
    /// It, or the role, takes no more sessions.
    SessionLimit,
    /// This process is about to end.
    Stopping,
    /// It cannot be reached, or went away.
    Unreachable,
    /// It did not answer in time, or every session was busy for that long.
    Timeout,
    /// It does not take the credential, or could not prove who it is.
    Authentication,
    /// It may be read only.
    ReadOnly,
    /// No room is left on its disk.
    Full,
    /// Someone else holds a lock.
    Locked,
    /// What it kept cannot be read any more.
    Corrupt,
    /// Tables or columns are missing.
    Schema,
    /// Anything else, as the code tells.
    Other,
}

impl Reason {
    /// As it is published.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::SessionLimit => "session_limit",
            Self::Stopping => "stopping",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::ReadOnly => "read_only",
            Self::Full => "full",
            Self::Locked => "locked",
            Self::Corrupt => "corrupt",
            Self::Schema => "schema",
            Self::Other => "other",
        }
    }
}

/// The database did not do what was asked. Nothing of it was done, unless only the answer was lost.
///
/// It keeps no text of the driver or the server: those may hold names, statements and connect options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// What stands in the way.
    pub reason: Reason,
    /// SQLSTATE of PostgreSQL or extended result code of SQLite, where there is one.
    pub code: Option<String>,
}

/// A lower-case fragment: the reason, and the code in parentheses.
impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            Reason::Refused => "nothing listens at the database's address",
            Reason::SessionLimit => "the database takes no more sessions",
            Reason::Stopping => "this process is stopping",
            Reason::Unreachable => "the database cannot be reached",
            Reason::Timeout => "the database did not answer in time",
            Reason::Authentication => "the database refuses the credential",
            Reason::ReadOnly => "the database may be read only",
            Reason::Full => "the database has no room left",
            Reason::Locked => "the database is locked by someone else",
            Reason::Corrupt => "the database is damaged",
            Reason::Schema => "tables or columns of the database are missing",
            Reason::Other => "the database failed",
        })?;
        match &self.code {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Unavailable {}

impl Unavailable {
    pub(crate) fn of(reason: Reason) -> Self {
        Self { reason, code: None }
    }

    pub(super) fn with(reason: Reason, code: &str) -> Self {
        Self { reason, code: Some(code.to_owned()) }
    }

    /// A session did not answer for longer than the server lets any statement take.
    pub(super) fn silent() -> Self {
        Self::with(Reason::Timeout, SILENT)
    }

    pub(super) fn is_silent(&self) -> bool {
        self.code.as_deref() == Some(SILENT)
    }

    /// The file that a session has open is not the one at its path.
    pub(super) fn moved() -> Self {
        Self::with(Reason::Unreachable, MOVED)
    }

    pub(super) fn is_moved(&self) -> bool {
        self.code.as_deref() == Some(MOVED)
    }

    /// Whether sessions opened before may fail for the same reason: the server is gone, or another one is the primary now.
    pub(super) fn concerns_other_sessions(&self) -> bool {
        matches!(self.reason, Reason::Unreachable | Reason::ReadOnly) || self.is_silent()
    }

    /// Whether another session may well do it, or this one once the tables are there again.
    pub(super) fn may_work_elsewhere(&self) -> bool {
        self.concerns_other_sessions() || self.reason == Reason::Schema
    }

    /// Whether the session is as it was before, except that a transaction may be open: the server answered.
    pub(super) fn leaves_session_usable(&self) -> bool {
        let is_sqlstate = |code: &str| {
            code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        };
        !self.concerns_other_sessions() && self.code.as_deref().is_some_and(is_sqlstate)
    }

    /// Whether the database works and refuses what it was given, and would do so again.
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

impl From<sqlx::Error> for Unavailable {
    #[expect(clippy::wildcard_enum_match_arm, reason = "what the driver may add says no more than these do")]
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => of_database(error.as_ref()),
            sqlx::Error::Io(error) => of_io(error.kind()),
            // The certificate is not trusted, or is another server's.
            sqlx::Error::Tls(_) => Self::with(Reason::Authentication, "tls"),
            sqlx::Error::WorkerCrashed => Self::of(Reason::Unreachable),
            sqlx::Error::Protocol(_) => Self::with(Reason::Other, "protocol"),
            _ => Self::with(Reason::Other, "driver"),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all others are ways of not getting through")]
fn of_io(kind: ErrorKind) -> Unavailable {
    match kind {
        ErrorKind::ConnectionRefused => Unavailable::of(Reason::Refused),
        ErrorKind::TimedOut => Unavailable::of(Reason::Timeout),
        // So the driver tells a certificate that is not trusted.
        ErrorKind::InvalidData => Unavailable::with(Reason::Authentication, "tls"),
        _ => Unavailable::of(Reason::Unreachable),
    }
}

fn of_database(error: &(dyn DatabaseError + 'static)) -> Unavailable {
    let code = error.code().unwrap_or_default();
    let reason = match error.try_downcast_ref::<PgDatabaseError>() {
        Some(_) => of_sqlstate(&code),
        // All errors in a statement share one code.
        None if is_missing(error.message()) => Reason::Schema,
        None => of_sqlite(&code),
    };
    Unavailable::with(reason, &code)
}

/// Whether SQLite says that a table or a column is not there.
fn is_missing(message: &str) -> bool {
    message.starts_with("no such table")
        || message.starts_with("no such column")
        || message.contains(" has no column named ")
}

/// Classes and codes of PostgreSQL's appendix A.
fn of_sqlstate(code: &str) -> Reason {
    match code {
        _ if code.starts_with("28") => Reason::Authentication,
        // Too many sessions, of the server or of the role.
        "53300" => Reason::SessionLimit,
        "53100" => Reason::Full,
        "25006" => Reason::ReadOnly,
        "55P03" | "40P01" => Reason::Locked,
        "57014" => Reason::Timeout,
        // Shutting down, crashed, starting up; and all of class 08, which is about the connection.
        "57P01" | "57P02" | "57P03" => Reason::Unreachable,
        _ if code.starts_with("08") => Reason::Unreachable,
        "XX001" | "XX002" => Reason::Corrupt,
        // Undefined table, undefined column, invalid schema name.
        "42P01" | "42703" | "3F000" => Reason::Schema,
        _ => Reason::Other,
    }
}

/// Extended and primary (the low byte) result codes of <https://www.sqlite.org/rescode.html>.
fn of_sqlite(code: &str) -> Reason {
    let Ok(code) = code.parse::<i32>() else { return Reason::Other };
    match (code, code & 0xff) {
        (_, 5 | 6) => Reason::Locked,
        (_, 8) => Reason::ReadOnly,
        // A failed write that is not told as a full disk is a limit on the file's size.
        (778, _) | (_, 13) => Reason::Full,
        (_, 11 | 26) => Reason::Corrupt,
        // The file cannot be opened.
        (_, 14) => Reason::Unreachable,
        _ => Reason::Other,
    }
}
