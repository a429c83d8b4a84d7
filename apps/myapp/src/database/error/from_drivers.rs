//! Errors of the drivers, the system and both databases, mapped to reason and code.

use std::io;

use sqlx::error::DatabaseError as DriverError;
use tokio_postgres::error::{DbError, Severity};

use super::{DatabaseError, Reason};
use crate::backend::{Fault, NoToken, TlsFault, carried};

/// Prefixes of PgBouncer's messages about a rejected password: it has one code for all of its own errors.
const POOLER_REFUSES_PASSWORD: [&str; 3] =
    ["password authentication failed", "SASL authentication failed", "server login failed: FATAL password"];
const POOLER_IS_FULL: [&str; 2] = ["no more connections allowed", "client_login_timeout"];
const POOLER_HAS_NO_DATABASE: [&str; 1] = ["no such database"];
/// SQLSTATE of a protocol violation.
const POOLER_CODE: &str = "08P01";

impl From<sqlx::Error> for DatabaseError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "what the driver may add says no more than these do")]
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => of_sqlite_error(error.as_ref()),
            sqlx::Error::Io(error) => error.into(),
            sqlx::Error::WorkerCrashed => Self::with(Reason::Unreachable, "worker_crashed"),
            _ => Self::with(Reason::Other, "driver"),
        }
    }
}

/// Maps an error of work on an open session.
impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            // A fatal error ends the session; it is no evidence about the next one.
            Some(error) if is_fatal(error) => Self::with(Reason::Unreachable, error.code().code()),
            _ => Self::from_open(error),
        }
    }
}

impl DatabaseError {
    /// Maps an error of opening a session, where each error is fatal.
    pub(in crate::database) fn from_open(error: tokio_postgres::Error) -> Self {
        if let Some(error) = error.as_db_error() {
            return of_server(error);
        }
        if error.is_closed() {
            return Self::with(Reason::Unreachable, "connection_closed");
        }
        match error.into_source().map(|source| source.downcast::<io::Error>()) {
            Some(Ok(error)) => (*error).into(),
            _ => Self::of(Reason::Protocol),
        }
    }
}

impl From<io::Error> for DatabaseError {
    fn from(error: io::Error) -> Self {
        carried::<Self>(&error).cloned().unwrap_or_else(|| Fault::from(&error).into())
    }
}

impl From<Fault> for DatabaseError {
    fn from(fault: Fault) -> Self {
        let reason = match fault {
            Fault::Refused => Reason::Refused,
            Fault::Timeout => Reason::Timeout,
            Fault::NameNotFound | Fault::NoRoute | Fault::Lost => Reason::Unreachable,
            Fault::Tls(fault) if fault.is_of_certificate() => Reason::Certificate,
            Fault::Tls(_) | Fault::Unreadable => Reason::Protocol,
            Fault::NoToken => Reason::Other,
        };
        Self::with(reason, fault.code())
    }
}

impl From<TlsFault> for DatabaseError {
    fn from(fault: TlsFault) -> Self {
        Fault::from(fault).into()
    }
}

impl From<NoToken> for DatabaseError {
    fn from(none: NoToken) -> Self {
        Fault::from(none).into()
    }
}

fn is_fatal(error: &DbError) -> bool {
    matches!(error.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
}

fn of_server(error: &DbError) -> DatabaseError {
    let code = error.code().code();
    let begins = |text: &&str| error.message().starts_with(*text);
    let reason = match code {
        POOLER_CODE if POOLER_REFUSES_PASSWORD.iter().any(begins) => Reason::Authentication,
        POOLER_CODE if POOLER_IS_FULL.iter().any(begins) => Reason::SessionLimit,
        POOLER_CODE if POOLER_HAS_NO_DATABASE.iter().any(begins) => Reason::NoDatabase,
        _ => of_sqlstate(code),
    };
    DatabaseError::with(reason, code)
}

fn of_sqlite_error(error: &(dyn DriverError + 'static)) -> DatabaseError {
    let code = error.code().unwrap_or_default();
    // SQLite has one code for all errors in a statement.
    let reason = if is_missing(error.message()) { Reason::Schema } else { of_sqlite(&code) };
    DatabaseError::with(reason, &code)
}

/// Returns true if SQLite reports a missing table or column.
fn is_missing(message: &str) -> bool {
    message.starts_with("no such table")
        || message.starts_with("no such column")
        || message.contains(" has no column named ")
}

/// Classes and codes of PostgreSQL's appendix A.
pub(super) fn of_sqlstate(code: &str) -> Reason {
    match code {
        _ if code.starts_with("28") => Reason::Authentication,
        // Too many sessions of the server or of the role.
        "53300" => Reason::SessionLimit,
        "53100" => Reason::Full,
        "25006" => Reason::ReadOnly,
        "55P03" | "40P01" => Reason::Locked,
        "57014" => Reason::Timeout,
        // Shutting down, crashed, starting up.
        "57P01" | "57P02" | "57P03" => Reason::Unreachable,
        "42501" => Reason::Permission,
        "3D000" => Reason::NoDatabase,
        // An error of the connection, or a feature that a pooler lacks; in both cases the other side has answered.
        _ if code.starts_with("08") || code.starts_with("0A") => Reason::Protocol,
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
        // A failed write that is not reported as a full disk is a limit on the file's size.
        (778, _) | (_, 13) => Reason::Full,
        (_, 11 | 26) => Reason::Corrupt,
        // The file cannot be opened.
        (_, 14) => Reason::Unreachable,
        _ => Reason::Other,
    }
}
