//! Settings, reload and database meet here: the database that the settings name, the permission to use it, and its part in a
//! change.

use std::path::PathBuf;
use std::sync::Arc;

use live_config::{Changes, Committed, Participant, Prepared, Refusal, Snapshot, Step};

use super::refusals::{Names, NotPermitted, Rejected};
use crate::backend::{Host, TokenSource};
use crate::database::{Credential, Database, DatabaseError, Reason, Replacement, Server, Target, TlsMode};
use crate::settings::Settings;

const NAMES: Names = Names { url: "DATABASE_URL", host_flag: "database-host", auth_flag: "database-auth" };
/// Name of the SQLite file if no database is named.
const DEFAULT_FILE: &str = "myapp.db";

/// Connection options of the database, fixed for the life of the process.
#[derive(Clone, Default)]
pub struct DatabaseWiring {
    /// Directory of the default SQLite file.
    pub data_directory: PathBuf,
    /// The one host beyond loopback that may receive the credential; `None` permits no other host.
    pub host: Option<Host>,
    /// Source of tokens in place of `DB_PASSWORD`.
    pub tokens: Option<Arc<dyn TokenSource>>,
}

impl DatabaseWiring {
    /// Builds the target that `settings` name.
    ///
    /// # Errors
    /// The reason why this process may not use it, with the name of the setting.
    pub(crate) fn target(&self, settings: &Settings) -> Result<Target, NotPermitted> {
        let Some(url) = &settings.database_url else {
            return Ok(Target::Sqlite(self.data_directory.join(DEFAULT_FILE)));
        };
        if let Some(path) = url.sqlite_path() {
            return Ok(Target::Sqlite(PathBuf::from(path)));
        }
        let credential = match &self.tokens {
            Some(source) => Credential::Token(Arc::clone(source)),
            None => Credential::Password(Arc::new(settings.db_password.expose().to_owned().into())),
        };
        let mut server = Server::parse(url.as_str(), credential)
            .ok_or_else(|| NAMES.refused("is not of the form postgres://USER@HOST/DATABASE"))?;
        if !settings.db_user.is_empty() {
            settings.db_user.expose().clone_into(&mut server.user);
        }
        self.permit(&server)?;
        Ok(Target::Postgres(server))
    }

    fn permit(&self, server: &Server) -> Result<(), NotPermitted> {
        // The contract requires TLS too; sending a credential is worth a second check.
        if !server.host.is_loopback() && server.tls != TlsMode::VerifyFull {
            return Err(NAMES.refused("a server beyond loopback needs sslmode=verify-full"));
        }
        NAMES.permit(&server.host, self.host.as_ref())?;
        // RDS requires the token in clear text.
        if self.tokens.is_some() && server.tls != TlsMode::VerifyFull {
            return Err(NAMES.refused("--database-auth=iam needs sslmode=verify-full"));
        }
        Ok(())
    }

    fn rejected_credential(&self, settings: &Settings) -> Rejected {
        if self.tokens.is_some() {
            return Rejected {
                setting: None,
                message: "--database-auth: the database refuses the token for its user",
            };
        }
        let message = if settings.db_user.is_empty() {
            "the database refuses it"
        } else {
            "the database refuses it for the user of DB_USER"
        };
        Rejected { setting: Some("DB_PASSWORD"), message }
    }
}

/// The database as participant in a change of the settings.
pub(super) struct DatabaseChange {
    pub(super) database: Database,
    pub(super) wiring: DatabaseWiring,
}

impl Participant<Settings> for DatabaseChange {
    fn name(&self) -> &'static str {
        "database"
    }

    fn prepare(
        &self,
        next: Arc<Snapshot<Settings>>,
        _: &Changes,
    ) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        let (database, wiring) = (self.database.clone(), self.wiring.clone());
        Box::pin(async move {
            let target = wiring.target(&next.settings)?;
            if let Some(why) = another_place(&database.target(), &target) {
                return Err(NAMES.needs_restart(why));
            }
            let rejected = wiring.rejected_credential(&next.settings);
            let prepared = database.prepare(target, next.settings.max_connections).await;
            let replacement = prepared.map_err(|error| refusal(&error, rejected))?;
            Ok(Box::new(Change { replacement, rejected }) as Box<dyn Prepared>)
        })
    }
}

struct Change {
    replacement: Replacement,
    rejected: Rejected,
}

impl Prepared for Change {
    fn commit(mut self: Box<Self>) -> Box<dyn Committed> {
        self.replacement.swap();
        self
    }
}

impl Committed for Change {
    fn observe(&mut self) -> Option<Step<Result<(), Refusal>>> {
        let (refused_later, rejected) = (self.replacement.refused_later()?, self.rejected);
        Some(Box::pin(async move { Err(refusal(&refused_later.await, rejected)) }))
    }

    fn settle(self: Box<Self>) {
        self.replacement.retire();
    }

    fn roll_back(mut self: Box<Self>) {
        self.replacement.swap();
        self.replacement.retire();
    }
}

/// Returns the reason why a running process must not change from `old` to `new`; `None` if it may. Otherwise anyone who can edit
/// the configuration could have the credential, and the history, sent to another server without a trace in this database.
fn another_place(old: &Target, new: &Target) -> Option<&'static str> {
    match (old, new) {
        (Target::Sqlite(old), Target::Sqlite(new)) => (old != new).then_some("another file needs a restart"),
        (Target::Postgres(old), Target::Postgres(new)) => {
            let is_same = (&old.host, old.port) == (&new.host, new.port);
            (!is_same).then_some("another host needs a restart")
        }
        _ => Some("another kind of database needs a restart"),
    }
}

fn refusal(error: &DatabaseError, rejected: Rejected) -> Refusal {
    let rejected = (error.reason == Reason::Authentication).then_some(rejected);
    NAMES.refusal(error, error.code.as_deref().unwrap_or_default(), rejected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Server {
        Server::parse(url, Credential::Password(Arc::default())).unwrap()
    }

    fn permit(host: Option<&str>, url: &str) -> Result<(), NotPermitted> {
        let host = host.map(|host| host.parse().unwrap());
        DatabaseWiring { host, ..DatabaseWiring::default() }.permit(&server(url))
    }

    #[test]
    fn change_of_server_or_file_needs_restart() {
        let at = |url: &str| Target::Postgres(server(url));
        let file = |path: &str| Target::Sqlite(path.into());
        assert_eq!(another_place(&at("postgres://a@localhost/x"), &at("postgres://b@localhost/y")), None);
        assert_eq!(another_place(&file("x"), &file("x")), None);
        assert!(another_place(&at("postgres://a@localhost/x"), &at("postgres://a@127.0.0.1/x")).is_some());
        assert!(another_place(&at("postgres://a@localhost/x"), &at("postgres://a@localhost:99/x")).is_some());
        assert!(another_place(&at("postgres://a@localhost/x"), &file("x")).is_some());
        assert!(another_place(&file("x"), &file("y")).is_some());
    }

    #[test]
    fn only_wired_host_and_loopback_get_credential() {
        let far = "postgres://app@db.example.org/data?sslmode=verify-full";
        let unwired = permit(None, far).unwrap_err();
        assert!(unwired.message.contains("--database-host is not given"), "{unwired}");
        for spelling in ["db.example.org", "DB.EXAMPLE.org", "db.example.org."] {
            assert_eq!(permit(Some(spelling), far), Ok(()));
        }
        assert!(permit(Some("other.example.org"), far).is_err());
        let clear = "postgres://app@db.example.org/data?sslmode=require";
        assert!(permit(Some("db.example.org"), clear).is_err());
        for near in
            ["postgres://app@localhost/data", "postgres://app@127.9.9.9/data", "postgres://app@[::1]/data"]
        {
            assert_eq!(permit(None, near), Ok(()), "{near}");
            assert_eq!(permit(Some("db.example.org"), near), Ok(()), "{near}");
        }
        for odd in
            ["postgres://app@0.0.0.0/x?sslmode=verify-full", "postgres://app@127.1/x?sslmode=verify-full"]
        {
            assert!(permit(None, odd).is_err(), "{odd}");
        }
    }
}
