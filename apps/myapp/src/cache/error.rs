//! Reasons for failures of the cache, as used in metrics, responses and logs.

use std::fmt;
use std::io;

use redis::{ErrorKind, RedisError};

use crate::backend::{Fault, NoToken, TlsFault, carried};

/// The reason for a failure of the cache: a closed set, suitable for metrics and responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The cache's host answers, and no process listens on the port.
    Refused,
    /// The cache is unreachable, or closed the connection.
    Unreachable,
    /// The cache did not answer in time.
    Timeout,
    /// The cache rejects the credential, or requires one.
    Authentication,
    /// The cache's certificate was rejected.
    Certificate,
    /// The response is not that of a Redis or Valkey server that speaks this protocol.
    Protocol,
    /// The user lacks a permission.
    Permission,
    /// The cache has no database of that number.
    NoDatabase,
    /// The cache is read-only.
    ReadOnly,
    /// The cache has no memory left for the write.
    Full,
    /// The cache is starting up.
    Loading,
    /// The cache is a node of a cluster, and another node holds the key.
    Clustered,
    /// The cache accepts no more sessions.
    SessionLimit,
    /// Any other reason; the code names it.
    Other,
}

impl Reason {
    /// Returns the published name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::Certificate => "certificate",
            Self::Protocol => "protocol",
            Self::Permission => "permission",
            Self::NoDatabase => "no_database",
            Self::ReadOnly => "read_only",
            Self::Full => "full",
            Self::Loading => "loading",
            Self::Clustered => "clustered",
            Self::SessionLimit => "session_limit",
            Self::Other => "other",
        }
    }
}

/// The cache did not perform a command, or only its response was lost.
///
/// No text of the driver or the server is stored: it may hold keys and arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheError {
    /// Reason for the failure.
    pub reason: Reason,
    /// First word of the server's error or, without such an error, a code of this service.
    pub code: String,
}

impl CacheError {
    /// Builds the error for a reason that needs no further detail: the code is the reason's name.
    pub(super) fn of(reason: Reason) -> Self {
        Self::with(reason, reason.as_str())
    }

    pub(super) fn with(reason: Reason, code: &str) -> Self {
        Self { reason, code: code.to_owned() }
    }

    /// Returns true if the session stays usable, as after an error response of the server.
    pub(super) fn leaves_session_usable(&self) -> bool {
        is_code(&self.code) && self.reason != Reason::Authentication
    }

    /// Returns true if the response exceeded the maximum length.
    pub(super) fn is_too_long(&self) -> bool {
        self.code == "answer_too_long"
    }

    /// Converts an error of a `SELECT`: besides the end of the session, a database number that the server does not have is the
    /// only possible error.
    pub(super) fn into_of_selection(self) -> Self {
        if self.code == "ERR" { Self::with(Reason::NoDatabase, "ERR") } else { self }
    }

    fn sentence(&self) -> &'static str {
        let own = match self.code.as_str() {
            "name_not_found" => Some("the name of the cache's host cannot be resolved"),
            "answer_too_long" => Some("the cache answers with more than any message of this service"),
            "NOAUTH" => Some("the cache wants a password: set CACHE_PASSWORD"),
            NoToken::CODE => Some(NoToken::SENTENCE),
            code => TlsFault::sentence(code),
        };
        own.unwrap_or(match self.reason {
            Reason::Refused => "nothing listens at the cache's address",
            Reason::Unreachable => "the cache cannot be reached",
            Reason::Timeout => "the cache did not answer in time",
            Reason::Authentication => "the cache refuses the credential",
            Reason::Certificate => "the cache server's certificate is refused",
            Reason::Protocol => "what listens at the cache's address is no Redis or Valkey server",
            Reason::Permission => "the cache's user may not use the keys or commands of this service",
            Reason::NoDatabase => "the cache has no database of that number",
            Reason::ReadOnly => "the cache is a replica, which may only be read: name the primary",
            Reason::Full => "the cache has no memory left",
            Reason::Loading => "the cache is starting up",
            Reason::Clustered => "the cache is a node of a cluster: name a server without cluster mode",
            Reason::SessionLimit => "the cache takes no more sessions",
            Reason::Other => "the cache failed",
        })
    }
}

/// Formats a lower-case fragment: the failure, and the code in parentheses if it adds detail.
impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())?;
        if self.code == self.reason.as_str() { Ok(()) } else { write!(f, " ({})", self.code) }
    }
}

impl std::error::Error for CacheError {}

/// Maximum length of a code: twice that of the longest one of Redis and Valkey.
const MAX_CODE_LENGTH: usize = 32;

/// Maps the codes of <https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors>.
fn of_server(code: &str) -> Reason {
    match code {
        "NOAUTH" | "WRONGPASS" => Reason::Authentication,
        "NOPERM" => Reason::Permission,
        "LOADING" => Reason::Loading,
        // Without its primary, or unable to save, the server accepts no writes.
        "READONLY" | "MISCONF" | "NOREPLICAS" => Reason::ReadOnly,
        "OOM" => Reason::Full,
        "MOVED" | "ASK" | "CLUSTERDOWN" | "CROSSSLOT" => Reason::Clustered,
        "MASTERDOWN" => Reason::Unreachable,
        "BUSY" => Reason::Timeout,
        _ => Reason::Other,
    }
}

/// Returns true if a word has the form of a server's error code: any other program that listens there may send arbitrary text.
fn is_code(word: &str) -> bool {
    (1..=MAX_CODE_LENGTH).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

impl From<RedisError> for CacheError {
    fn from(error: RedisError) -> Self {
        if let Some(code) = error.code() {
            if !is_code(code) {
                return Self::of(Reason::Protocol);
            }
            let is_full = error.detail().is_some_and(|text| text.contains("max number of clients"));
            return Self::with(if is_full { Reason::SessionLimit } else { of_server(code) }, code);
        }
        let io = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<io::Error>());
        match io {
            Some(error) => Self::of_io(error),
            None if error.kind() == ErrorKind::Io => Self::with(Reason::Unreachable, "connection_lost"),
            None => Self::of(Reason::Protocol),
        }
    }
}

impl From<redis::ServerError> for CacheError {
    fn from(error: redis::ServerError) -> Self {
        RedisError::from(error).into()
    }
}

impl From<io::Error> for CacheError {
    fn from(error: io::Error) -> Self {
        Self::of_io(&error)
    }
}

impl CacheError {
    fn of_io(error: &io::Error) -> Self {
        carried::<Self>(error).cloned().unwrap_or_else(|| Fault::from(error).into())
    }
}

impl From<Fault> for CacheError {
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

impl From<TlsFault> for CacheError {
    fn from(fault: TlsFault) -> Self {
        Fault::from(fault).into()
    }
}

impl From<NoToken> for CacheError {
    fn from(none: NoToken) -> Self {
        Fault::from(none).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &'static str) -> (Reason, String) {
        let answer = redis::parse_redis_value(line.as_bytes()).and_then(redis::Value::extract_error);
        let unavailable = CacheError::from(answer.unwrap_err());
        (unavailable.reason, unavailable.code)
    }

    #[test]
    fn only_what_looks_like_a_code_is_told() {
        for (line, reason, code) in [
            ("-WRONGPASS invalid username-password pair\r\n", Reason::Authentication, "WRONGPASS"),
            ("-ERR max number of clients reached\r\n", Reason::SessionLimit, "ERR"),
            ("-MOVED 3999 127.0.0.1:6381\r\n", Reason::Clustered, "MOVED"),
            ("-OOM command not allowed\r\n", Reason::Full, "OOM"),
            ("-UNHEARDOF of\r\n", Reason::Other, "UNHEARDOF"),
            ("-\u{1b}[31mred alert\r\n", Reason::Protocol, "protocol"),
            ("-hush\r\n", Reason::Protocol, "protocol"),
            ("-ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG long\r\n", Reason::Protocol, "protocol"),
        ] {
            assert_eq!(told(line), (reason, code.to_owned()), "{line:?}");
        }
    }
}
