//! The target of a generation of sessions: an SQLite file or a PostgreSQL server.

use std::path::PathBuf;
use std::sync::Arc;

use super::credential::Credential;
use super::server::{Server, TlsMode, refused};
use crate::backend::{Host, NotPermitted, TokenSource};
use crate::settings::Settings;

/// Name of the SQLite file if no database is named.
const DEFAULT_FILE: &str = "myapp.db";
/// Maximum number of SQLite sessions. SQLite has one writer at a time, and its sessions are threads: more of them would only wait
/// for each other.
const SQLITE_SESSIONS: usize = 4;

/// A database and the credential for it.
#[derive(Clone)]
pub(super) enum Target {
    /// An SQLite file of this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(Server),
}

/// Connection options fixed for the life of the process.
#[derive(Clone, Default)]
pub struct Wiring {
    /// Directory of the default SQLite file.
    pub data_directory: PathBuf,
    /// The one host beyond loopback that may receive the credential; `None` permits no other host.
    pub host: Option<Host>,
    /// Source of tokens in place of `DB_PASSWORD`.
    pub tokens: Option<Arc<dyn TokenSource>>,
}

impl Wiring {
    /// Returns `Ok` if the wiring permits the database that `settings` name.
    ///
    /// # Errors
    /// The reason for the refusal, with the name of the setting.
    pub(crate) fn leads_to_database_of(&self, settings: &Settings) -> Result<(), NotPermitted> {
        Target::of(settings, self).map(|_| ())
    }
}

impl Target {
    /// Builds the target that `settings` name.
    ///
    /// # Errors
    /// The reason for the refusal, with the name of the setting.
    pub(super) fn of(settings: &Settings, wiring: &Wiring) -> Result<Self, NotPermitted> {
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
            .ok_or_else(|| refused("is not of the form postgres://USER@HOST/DATABASE"))?;
        if !settings.db_user.expose().is_empty() {
            settings.db_user.expose().clone_into(&mut server.user);
            server.user_is_secret = true;
        }
        server.may_be_given_the_credential(wiring.host.as_ref())?;
        // RDS requires the token in clear text.
        if wiring.tokens.is_some() && server.tls != TlsMode::VerifyFull {
            return Err(refused("--database-auth=iam needs sslmode=verify-full"));
        }
        Ok(Self::Postgres(server))
    }

    /// Returns the number of sessions that are of use, at most `limit`.
    pub(super) fn sessions(&self, limit: u16) -> usize {
        match self {
            Self::Sqlite(_) => usize::from(limit).min(SQLITE_SESSIONS),
            Self::Postgres(_) => limit.into(),
        }
    }

    /// Returns the reason why a running process must not change from `self` to `next`; `None` if it may. Otherwise anyone who can
    /// edit the configuration could have the credential, and the history, sent to another server without a trace in this
    /// database.
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

    /// Describes a rejected credential; a server does not report whether the user or the password is wrong.
    /// Returns the setting concerned, if one is, and the message.
    pub(super) fn refused_credential(&self) -> (Option<&'static str>, &'static str) {
        match self {
            Self::Postgres(Server { credential: Credential::Token(_), .. }) => {
                (None, "--database-auth: the database refuses the token for its user")
            }
            Self::Postgres(Server { user_is_secret: true, .. }) => {
                (Some("DB_PASSWORD"), "the database refuses it for the user of DB_USER")
            }
            Self::Postgres(_) | Self::Sqlite(_) => (Some("DB_PASSWORD"), "the database refuses it"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Option<Server> {
        Server::parse(url, Credential::Password(Arc::default()))
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
