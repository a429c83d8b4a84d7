//! The flags that decide which database and which cache this process may use.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use super::cache::{CacheWiring, TokenAuth};
use super::database::DatabaseWiring;
use crate::args::{Auth, ServeArgs};
use crate::backend::{PodIdentity, TokenSource};
use crate::configuration::Environment;
use crate::settings::Settings;

/// Connection options of `serve` for its backends.
pub struct Wiring {
    /// The database.
    pub database: DatabaseWiring,
    /// The cache.
    pub cache: CacheWiring,
}

impl Wiring {
    /// Builds the connection options of `serve` for the database and the cache that `settings` name.
    ///
    /// # Errors
    /// Each missing option, and each reason why the options do not permit these backends.
    pub fn of(args: &ServeArgs, environment: &Environment, settings: &Settings) -> Result<Self, Vec<String>> {
        let asking = [
            (args.database_auth == Auth::Iam).then_some("--database-auth=iam"),
            (args.cache_auth == Auth::Iam).then_some("--cache-auth=iam"),
        ];
        // One source for both, so that the pod's credentials are fetched once.
        let source: Option<Arc<dyn TokenSource>> = match asking.into_iter().flatten().next() {
            Some(flag) => Some(Arc::new(
                PodIdentity::of(environment).map_err(|reason| vec![format!("{flag}: {reason}")])?,
            )),
            None => None,
        };
        let database = DatabaseWiring {
            data_directory: data_directory(args, environment),
            host: args.database_host.clone(),
            tokens: source.clone().filter(|_| args.database_auth == Auth::Iam),
        };
        let name = args.cache_name.clone().filter(|_| args.cache_auth == Auth::Iam);
        let cache = CacheWiring {
            host: args.cache_host.clone(),
            tokens: source.zip(name).map(|(source, cache)| TokenAuth { source, cache }),
            prefix: args.cache_prefix.clone(),
        };
        let reasons: Vec<_> = [database.target(settings).err(), cache.target(settings).err()]
            .into_iter()
            .flatten()
            .map(|refused| refused.to_string())
            .collect();
        if reasons.is_empty() { Ok(Self { database, cache }) } else { Err(reasons) }
    }
}

/// Returns the directory of the SQLite file: `--data-dir`, or the user's state directory.
fn data_directory(args: &ServeArgs, environment: &Environment) -> PathBuf {
    let variable =
        |name: &str| environment.get(OsStr::new(name)).filter(|v| !v.is_empty()).map(PathBuf::from);
    args.data_dir
        .clone()
        .or_else(|| variable("XDG_STATE_HOME").map(|state| state.join("myapp")))
        .or_else(|| variable("HOME").map(|home| home.join(".local/state/myapp")))
        .unwrap_or_else(|| PathBuf::from("/var/lib/myapp"))
}
