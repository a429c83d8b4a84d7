//! What a generation of sessions connects to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use live_config::Secret;
use sqlx::postgres::PgSslMode;

use super::token::TokenSource;
use crate::settings::Settings;

/// The SQLite file where no database is named.
const DEFAULT_FILE: &str = "myapp.db";
const POSTGRES_PORT: u16 = 5432;
/// SQLite has one writer at a time, and its sessions are threads: more of them would only wait for each other.
const SQLITE_SESSIONS: usize = 4;

/// A database, and how to be let in.
#[derive(Clone)]
pub(super) enum Target {
    /// A file of this machine.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Server),
}

/// Where a PostgreSQL server is, and how to be let in.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) tls: PgSslMode,
    pub(super) root_certificates: Option<PathBuf>,
    pub(super) credential: Credential,
}

/// What proves to the server who asks. It has no `Debug`.
#[derive(Clone)]
pub(super) enum Credential {
    /// `DB_PASSWORD`.
    Password(Arc<Secret>),
    /// A token that ends soon, made anew for each session.
    Token(Arc<dyn TokenSource>),
}

/// How the process is let in, as wired for its life.
#[derive(Clone, Default)]
pub struct Wiring {
    /// Directory of the default SQLite file.
    pub data_directory: PathBuf,
    /// The one server beyond loopback that may be given the credential; any other where it is `None`.
    pub host: Option<String>,
    /// Makes tokens in place of `DB_PASSWORD`.
    pub tokens: Option<Arc<dyn TokenSource>>,
}

impl Wiring {
    /// Whether it lets the process use the database that `settings` name.
    ///
    /// # Errors
    /// A reason why not, that names the setting.
    pub(crate) fn leads_to_database_of(&self, settings: &Settings) -> Result<(), String> {
        Target::of(settings, self).map(|_| ())
    }
}

impl Target {
    /// What `settings` name.
    ///
    /// # Errors
    /// A reason why it must not be, that names the setting.
    pub(super) fn of(settings: &Settings, wiring: &Wiring) -> Result<Self, String> {
        let Some(url) = &settings.database_url else {
            return Ok(Self::Sqlite(wiring.data_directory.join(DEFAULT_FILE)));
        };
        if let Some(path) = url.sqlite_path() {
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        let credential = match &wiring.tokens {
            Some(source) => Credential::Token(Arc::clone(source)),
            None => Credential::Password(Arc::new(settings.db_password.expose().to_owned().into())),
        };
        let mut server = Server::parse(url.as_str(), credential)
            .ok_or("DATABASE_URL: is not of the form postgres://USER@HOST/DATABASE")?;
        if !settings.db_user.expose().is_empty() {
            settings.db_user.expose().clone_into(&mut server.user);
        }
        server.may_be_given_the_credential(wiring.host.as_deref())?;
        // The server wants it in clear text.
        if wiring.tokens.is_some() && !matches!(server.tls, PgSslMode::VerifyFull) {
            return Err("DATABASE_URL: --database-auth=iam needs sslmode=verify-full".into());
        }
        Ok(Self::Postgres(server))
    }

    /// How many of `limit` sessions are of use.
    pub(super) fn sessions(&self, limit: u16) -> usize {
        match self {
            Self::Sqlite(_) => usize::from(limit).min(SQLITE_SESSIONS),
            Self::Postgres(_) => limit.into(),
        }
    }

    /// Why a running process must not go from `self` to `next`; `None` where it may. Whoever can edit the configuration
    /// could otherwise have the credential, and the history, sent elsewhere without a trace in this database.
    pub(super) fn refuses(&self, next: &Self) -> Option<&'static str> {
        match (self, next) {
            (Self::Sqlite(old), Self::Sqlite(new)) if old == new => None,
            (Self::Sqlite(_), Self::Sqlite(_)) => Some("another file needs a restart"),
            (Self::Postgres(old), Self::Postgres(new)) if (&old.host, old.port) == (&new.host, new.port) => {
                None
            }
            (Self::Postgres(_), Self::Postgres(_)) => Some("another host needs a restart"),
            _ => Some("another kind of database needs a restart"),
        }
    }

    /// Whether sessions opened for `self` serve `other` as well.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sqlite(one), Self::Sqlite(other)) => one == other,
            (Self::Postgres(one), Self::Postgres(other)) => one.is_same(other),
            _ => false,
        }
    }
}

impl Server {
    /// Parses what the contract of `DATABASE_URL` lets through; `None` for anything else.
    fn parse(url: &str, credential: Credential) -> Option<Self> {
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
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            user: user.to_owned(),
            database: database.to_owned(),
            tls: PgSslMode::Prefer,
            root_certificates: None,
            credential,
        };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "sslmode" => server.tls = value.parse().ok()?,
                "sslrootcert" => server.root_certificates = Some(Path::new(value).to_path_buf()),
                _ => return None,
            }
        }
        Some(server)
    }

    fn may_be_given_the_credential(&self, host: Option<&str>) -> Result<(), String> {
        if matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1") {
            return Ok(());
        }
        // The contract says so too; a credential is worth a second look.
        if !matches!(self.tls, PgSslMode::VerifyFull) {
            return Err("DATABASE_URL: a server beyond loopback needs sslmode=verify-full".into());
        }
        match host {
            Some(host) if host != self.host => {
                Err("DATABASE_URL: names another host than --database-host".into())
            }
            _ => Ok(()),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        let place = |server: &Self| {
            (
                server.host.clone(),
                server.port,
                server.user.clone(),
                server.database.clone(),
                server.root_certificates.clone(),
            )
        };
        place(self) == place(other)
            && std::mem::discriminant(&self.tls) == std::mem::discriminant(&other.tls)
            && self.credential.is_same(&other.credential)
    }
}

impl Credential {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Password(one), Self::Password(other)) => one.expose() == other.expose(),
            (Self::Token(one), Self::Token(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Option<Server> {
        Server::parse(url, Credential::Password(Arc::default()))
    }

    #[test]
    fn a_url_names_user_host_port_database_and_how_to_verify() {
        let full = "postgres://app@db.example.org:5433/data?sslmode=verify-full&sslrootcert=/etc/ca.pem";
        let parsed = server(full).unwrap();
        assert_eq!((parsed.host.as_str(), parsed.port), ("db.example.org", 5433));
        assert_eq!((parsed.user.as_str(), parsed.database.as_str()), ("app", "data"));
        assert!(matches!(parsed.tls, PgSslMode::VerifyFull));
        assert_eq!(parsed.root_certificates.as_deref(), Some(Path::new("/etc/ca.pem")));
        let bare = server("postgresql://app@[::1]/data").unwrap();
        assert_eq!((bare.host.as_str(), bare.port), ("::1", POSTGRES_PORT));
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
        assert_eq!(far.may_be_given_the_credential(None), Ok(()));
        assert_eq!(far.may_be_given_the_credential(Some("db.example.org")), Ok(()));
        assert!(far.may_be_given_the_credential(Some("other.example.org")).is_err());
        let clear = server("postgres://app@db.example.org/data?sslmode=require").unwrap();
        assert!(clear.may_be_given_the_credential(None).is_err());
        let near = server("postgres://app@localhost/data").unwrap();
        assert_eq!(near.may_be_given_the_credential(Some("db.example.org")), Ok(()));
    }

    #[test]
    fn a_running_process_stays_with_its_server_and_its_file() {
        let at = |url: &str| Target::Postgres(server(url).unwrap());
        let file = |path: &str| Target::Sqlite(path.into());
        assert_eq!(at("postgres://a@localhost/x").refuses(&at("postgres://b@localhost/y")), None);
        assert!(at("postgres://a@localhost/x").refuses(&at("postgres://a@127.0.0.1/x")).is_some());
        assert!(at("postgres://a@localhost/x").refuses(&at("postgres://a@localhost:99/x")).is_some());
        assert!(at("postgres://a@localhost/x").refuses(&file("x")).is_some());
        assert!(file("x").refuses(&file("y")).is_some());
    }
}
