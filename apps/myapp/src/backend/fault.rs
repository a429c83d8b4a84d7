//! Failures on the way to a server, before its own protocol: the same for database and cache.

use std::error::Error;
use std::io::{self, ErrorKind};

use tokio_rustls::rustls;

use super::tls::TlsFault;
use super::token::NoToken;

/// A failure to open or to keep a connection, with this process's own code for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The host's name cannot be resolved.
    NameNotFound,
    /// The host answers, and no process listens on the port.
    Refused,
    /// The system's own time limit for a connection has passed.
    Timeout,
    /// No network leads to the host.
    NoRoute,
    /// The connection ended.
    Lost,
    /// The bytes cannot be those of such a server.
    Unreadable,
    /// TLS failed.
    Tls(TlsFault),
    /// There is no credential to present.
    NoToken,
}

impl Fault {
    /// Returns the code for metrics, responses and logs.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NameNotFound => "name_not_found",
            Self::Refused => "connection_refused",
            Self::Timeout => "connection_timeout",
            Self::NoRoute => "no_route",
            Self::Lost => "connection_lost",
            Self::Unreadable => "protocol",
            Self::Tls(fault) => fault.code(),
            Self::NoToken => NoToken::CODE,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are ways of not getting through")]
    fn of_kind(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::TimedOut => Self::Timeout,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Self::NoRoute,
            ErrorKind::InvalidData | ErrorKind::InvalidInput => Self::Unreadable,
            _ => Self::Lost,
        }
    }
}

impl From<&io::Error> for Fault {
    fn from(error: &io::Error) -> Self {
        if let Some(fault) = carried::<TlsFault>(error) {
            return Self::Tls(*fault);
        }
        match carried::<rustls::Error>(error) {
            Some(error) => Self::Tls(error.into()),
            None => Self::of_kind(error.kind()),
        }
    }
}

impl From<NoToken> for Fault {
    fn from(_: NoToken) -> Self {
        Self::NoToken
    }
}

impl From<TlsFault> for Fault {
    fn from(fault: TlsFault) -> Self {
        Self::Tls(fault)
    }
}

/// Returns the error of type `E` that `error` was made of, if it was.
pub(crate) fn carried<E: Error + 'static>(error: &io::Error) -> Option<&E> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_tls_fault_keeps_its_code() {
        let fault = Fault::from(&io::Error::other(TlsFault::OTHER_HOST));
        assert_eq!(fault.code(), "certificate_other_host");
        let fault = Fault::from(&io::Error::other(rustls::Error::NoCertificatesPresented));
        assert_eq!(fault.code(), "certificate_refused");
    }

    #[test]
    fn error_of_unknown_kind_is_lost_connection() {
        assert_eq!(Fault::from(&io::Error::other("anything")), Fault::Lost);
        assert_eq!(Fault::from(&io::Error::from(ErrorKind::HostUnreachable)), Fault::NoRoute);
    }
}
