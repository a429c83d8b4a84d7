//! The dependencies of the service, and their effect on readiness.

use chassis::readiness::{CheckFailure, Class, Dependency};

use crate::cache::{Cache, CacheError};
use crate::database::{Database, DatabaseError};
use crate::settings::Settings;

/// Name of the database, which stores history and accesses.
pub(crate) const DATABASE: &str = "database";
/// Name of the cache, through which replicas exchange events.
pub(crate) const CACHE: &str = "cache";

/// Readiness policy for the database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Policy {
    /// Class of a replica without the database.
    pub class: Class,
    /// True if all replicas use the same database.
    pub shared: bool,
}

impl Policy {
    /// Derives the policy from the settings. A replica that has never reached its server gets no traffic, so that a rollout with
    /// a wrong address or password stops. A replica that loses a shared server stays ready, since no other replica could do
    /// better. A file of the replica's own holds nothing that the public routes need.
    pub fn of(settings: &Settings) -> Self {
        let is_server = settings.database_url.as_ref().is_some_and(|url| url.sqlite_path().is_none());
        let class = if is_server { Class::Required } else { Class::Degraded };
        Self { class, shared: is_server }
    }

    /// Returns the dependencies with their classes. No public response needs the cache, so its loss only degrades a replica.
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

fn cache_failure(CacheError { reason, code }: CacheError) -> CheckFailure {
    CheckFailure::new(reason.as_str()).code(&code)
}

fn failure(DatabaseError { reason, code }: DatabaseError) -> CheckFailure {
    let failure = CheckFailure::new(reason.as_str());
    match code {
        Some(code) => failure.code(&code),
        None => failure,
    }
}
