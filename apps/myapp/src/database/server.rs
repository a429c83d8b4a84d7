//! The address of a PostgreSQL server, and the options of a session with it.

use std::path::{Path, PathBuf};

use super::credential::Credential;
use crate::backend::Host;

const POSTGRES_PORT: u16 = 5432;

/// A server, and the credential for it.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) database: String,
    pub(crate) tls: TlsMode,
    pub(crate) root_certificates: Option<PathBuf>,
    pub(crate) credential: Credential,
}

/// `sslmode` with the values of libpq, except `allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsMode {
    /// No TLS.
    Disable,
    /// TLS if the server offers it, with any certificate.
    Prefer,
    /// TLS, with any certificate.
    Require,
    /// TLS with a certificate of a trusted authority, for any host.
    VerifyCa,
    /// TLS with a certificate of a trusted authority for this host.
    VerifyFull,
}

impl TlsMode {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

impl Server {
    /// Parses a URL that the contract of `DATABASE_URL` accepts; `None` for any other.
    pub(crate) fn parse(url: &str, credential: Credential) -> Option<Self> {
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))?;
        let (user, rest) = rest.split_once('@')?;
        let (authority, rest) = rest.split_once('/')?;
        let (database, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, port) = match authority.rsplit_once(':') {
            // The last colon of a bare IPv6 address is inside the brackets.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, POSTGRES_PORT),
        };
        let mut server = Self {
            host: host.parse().ok()?,
            port,
            user: user.to_owned(),
            database: database.to_owned(),
            tls: TlsMode::Prefer,
            root_certificates: None,
            credential,
        };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "sslmode" => server.tls = TlsMode::from_name(value)?,
                "sslrootcert" => server.root_certificates = Some(Path::new(value).to_path_buf()),
                _ => return None,
            }
        }
        Some(server)
    }

    /// Returns true if sessions opened for `self` are valid for `other` as well.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.host, self.port, &self.user, &self.database, self.tls, &self.root_certificates)
            == (&other.host, other.port, &other.user, &other.database, other.tls, &other.root_certificates)
            && self.credential.is_same(&other.credential)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn server(url: &str) -> Option<Server> {
        Server::parse(url, Credential::Password(Arc::default()))
    }

    #[test]
    fn database_url_yields_server_user_and_tls_mode() {
        let full = "postgres://app@db.example.org:5433/data?sslmode=verify-full&sslrootcert=/etc/ca.pem";
        let turned = "postgres://app@DB.example.org:5433/data?sslrootcert=/etc/ca.pem&sslmode=verify-full";
        for url in [full, turned] {
            let parsed = server(url).unwrap();
            assert_eq!((parsed.host.to_string().as_str(), parsed.port), ("db.example.org", 5433));
            assert_eq!((parsed.user.as_str(), parsed.database.as_str()), ("app", "data"));
            assert_eq!(parsed.tls, TlsMode::VerifyFull);
            assert_eq!(parsed.root_certificates.as_deref(), Some(Path::new("/etc/ca.pem")));
        }
        let bare = server("postgresql://app@[::1]/data").unwrap();
        assert_eq!((bare.host.to_string().as_str(), bare.port), ("::1", POSTGRES_PORT));
        assert_eq!(server("postgresql://app@[::1]:99/data").unwrap().port, 99);
    }

    #[test]
    fn incomplete_or_foreign_database_url_gives_no_server() {
        for url in ["postgres://localhost/x", "postgres://app@localhost/x?options=-c", "mysql://a@b/c"] {
            assert!(server(url).is_none(), "{url}");
        }
    }
}
