//! What the service depends on, and what it is without it.

use chassis::readiness::{CheckFailure, Class, Dependency};

use crate::cache::{self, Cache};
use crate::database::{self, Database};
use crate::settings::Settings;

/// History and accesses are kept here.
pub(crate) const DATABASE: &str = "database";
/// Through it replicas tell each other what happens.
pub(crate) const CACHE: &str = "cache";

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

    /// No answer that traffic asks for needs the cache, so a replica without it is a degraded one.
    pub(crate) fn dependencies(self, database: &Database, cache: Option<&Cache>) -> Vec<Dependency> {
        let database = database.clone();
        let check = move || {
            let database = database.clone();
            async move { database.check().await.map_err(failure) }
        };
        let dependency = Dependency::new(DATABASE, self.class, check);
        let database = if self.shared { dependency } else { dependency.own() };
        let cache = cache.cloned().map(|cache| {
            let check = move || {
                let cache = cache.clone();
                async move { cache.check().await.map_err(cache_failure) }
            };
            Dependency::new(CACHE, Class::Degraded, check)
        });
        [database].into_iter().chain(cache).collect()
    }
}

fn cache_failure(cache::Unavailable { reason, code }: cache::Unavailable) -> CheckFailure {
    CheckFailure::new(reason.as_str()).code(&code)
}

fn failure(database::Unavailable { reason, code }: database::Unavailable) -> CheckFailure {
    let failure = CheckFailure::new(reason.as_str());
    match code {
        Some(code) => failure.code(&code),
        None => failure,
    }
}
