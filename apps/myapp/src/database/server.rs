//! The address of a PostgreSQL server, and the options of a session with it.

use std::path::{Path, PathBuf};

use super::credential::Credential;
use crate::backend::{Host, NotPermitted};

const POSTGRES_PORT: u16 = 5432;

/// A server, as named by `DATABASE_URL` and the wiring.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) user: String,
    /// True if the user comes from `DB_USER`.
    pub(super) user_is_secret: bool,
    pub(super) database: String,
    pub(super) tls: TlsMode,
    pub(super) root_certificates: Option<PathBuf>,
    pub(super) credential: Credential,
}

/// `sslmode` with the values of libpq, except `allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsMode {
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
    pub(super) fn parse(url: &str, credential: Credential) -> Option<Self> {
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
            user_is_secret: false,
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

    /// Refuses a server beyond loopback, unless it is the host that the wiring permits.
    ///
    /// # Errors
    /// The reason and the remedy.
    pub(super) fn may_be_given_the_credential(&self, wired: Option<&Host>) -> Result<(), NotPermitted> {
        if self.host.is_loopback() {
            return Ok(());
        }
        // The contract requires TLS too; sending a credential is worth a second check.
        if self.tls != TlsMode::VerifyFull {
            return Err(refused("a server beyond loopback needs sslmode=verify-full"));
        }
        match wired {
            Some(host) if *host == self.host => Ok(()),
            Some(_) => Err(refused("names another host than --database-host")),
            None => Err(refused(
                "names a server beyond loopback, and --database-host is not given: only the host named there (or by \
                MYAPP_DATABASE_HOST) is given the credential",
            )),
        }
    }

    /// Returns true if sessions opened for `self` are valid for `other` as well.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.host, self.port, &self.user, &self.database, self.tls, &self.root_certificates)
            == (&other.host, other.port, &other.user, &other.database, other.tls, &other.root_certificates)
            && self.credential.is_same(&other.credential)
    }
}

/// A refusal of the URL of the database.
pub(super) fn refused(message: &str) -> NotPermitted {
    NotPermitted::new("DATABASE_URL", message)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn server(url: &str) -> Option<Server> {
        Server::parse(url, Credential::Password(Arc::default()))
    }

    #[test]
    fn a_url_names_user_host_port_database_and_how_to_verify() {
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
    fn what_no_one_wrote_down_is_no_part_of_a_url() {
        for url in ["postgres://localhost/x", "postgres://app@localhost/x?options=-c", "mysql://a@b/c"] {
            assert!(server(url).is_none(), "{url}");
        }
    }

    #[test]
    fn only_the_wired_host_and_loopback_are_given_the_credential() {
        let far = server("postgres://app@db.example.org/data?sslmode=verify-full").unwrap();
        let wired = |host: &str| host.parse::<Host>().unwrap();
        let unwired = far.may_be_given_the_credential(None).unwrap_err();
        assert!(unwired.message.contains("--database-host is not given"), "{unwired}");
        for spelling in ["db.example.org", "DB.EXAMPLE.org", "db.example.org."] {
            assert_eq!(far.may_be_given_the_credential(Some(&wired(spelling))), Ok(()));
        }
        assert!(far.may_be_given_the_credential(Some(&wired("other.example.org"))).is_err());
        let clear = server("postgres://app@db.example.org/data?sslmode=require").unwrap();
        assert!(clear.may_be_given_the_credential(Some(&wired("db.example.org"))).is_err());
        for url in
            ["postgres://app@localhost/data", "postgres://app@127.9.9.9/data", "postgres://app@[::1]/data"]
        {
            let near = server(url).unwrap();
            assert_eq!(near.may_be_given_the_credential(None), Ok(()), "{url}");
            assert_eq!(near.may_be_given_the_credential(Some(&wired("db.example.org"))), Ok(()), "{url}");
        }
        for url in
            ["postgres://app@0.0.0.0/x?sslmode=verify-full", "postgres://app@127.1/x?sslmode=verify-full"]
        {
            assert!(server(url).unwrap().may_be_given_the_credential(None).is_err(), "{url}");
        }
    }
}
