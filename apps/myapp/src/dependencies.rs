//! What the service depends on, and what it is without it.

use chassis::readiness::{CheckFailure, Class, Dependency};

use crate::database::{Database, Unavailable};
use crate::settings::Settings;

/// History and accesses are kept here.
pub(crate) const DATABASE: &str = "database";

/// What a replica is without its database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Policy {
    /// What it is worth without it.
    pub class: Class,
    /// Whether all replicas use the same one.
    pub shared: bool,
}

impl Policy {
    /// A replica that has never reached its server does not get traffic, so that a rollout with a wrong address or password
    /// stops; one that loses a server which all share stays, since another replica could do no better. A file of the
    /// replica's own holds nothing that the public routes need.
    pub fn of(settings: &Settings) -> Self {
        let is_server = settings.database_url.as_ref().is_some_and(|url| url.sqlite_path().is_none());
        let class = if is_server { Class::Required } else { Class::Degraded };
        Self { class, shared: is_server }
    }

    pub(crate) fn dependencies(self, database: &Database) -> Vec<Dependency> {
        let database = database.clone();
        let check = move || {
            let database = database.clone();
            async move { database.check().await.map_err(failure) }
        };
        let dependency = Dependency::new(DATABASE, self.class, check);
        vec![if self.shared { dependency } else { dependency.own() }]
    }
}

fn failure(Unavailable { reason, code }: Unavailable) -> CheckFailure {
    let failure = CheckFailure::new(reason.as_str());
    match code {
        Some(code) => failure.code(&code),
        None => failure,
    }
}
