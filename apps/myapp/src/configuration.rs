//! The inputs of the process, checked as a whole.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use live_config::{Contract, Loaded, Problem, Problems, Sources};

use crate::args::{Auth, ServeArgs};
use crate::backend::{PodIdentity, TokenSource};
use crate::settings::{self, Settings};
use crate::{cache, database};

/// Environment variables of the process.
pub type Environment = BTreeMap<OsString, OsString>;

/// Length in bytes of the random secret key of a local process.
const SECRET_KEY_BYTES: usize = 32;

/// A checked configuration, and the inputs to read it again.
pub struct Configuration {
    pub contract: Contract,
    pub sources: Sources,
    pub loaded: Loaded<Settings>,
}

/// Reads and checks the configuration that `serve` would use.
///
/// # Errors
/// All problems of all sources.
pub fn read(args: &ServeArgs, environment: &Environment) -> Result<Configuration, Problems> {
    let contract = settings::contract().map_err(|error| internal(&error.to_string()))?;
    let mut sources = Sources::default().environment(environment.clone());
    if let Some(directory) = &args.config_dir {
        sources = sources.directory(directory);
    }
    // Only a local process generates its own key. With a mounted directory or a reachable address a missing key is a mistake, and
    // each replica would generate a different one.
    if args.is_local() && args.config_dir.is_none() {
        sources = sources.fallback("SECRET_KEY", random_key()?);
    }
    match Loaded::read(&contract, &sources) {
        Ok(loaded) => Ok(Configuration { contract, sources, loaded }),
        Err(problems) => Err(explained(problems, &contract, args)),
    }
}

/// Connection options of `serve` for its backends.
pub struct Wiring {
    /// The database.
    pub database: database::Wiring,
    /// The cache.
    pub cache: cache::Wiring,
}

/// Builds the connection options of `serve` for the database and the cache that `settings` name.
///
/// # Errors
/// Each missing option, and each reason why the options do not permit these backends.
pub fn wiring(
    args: &ServeArgs,
    environment: &Environment,
    settings: &Settings,
) -> Result<Wiring, Vec<String>> {
    let asking = [
        (args.database_auth == Auth::Iam).then_some("--database-auth=iam"),
        (args.cache_auth == Auth::Iam).then_some("--cache-auth=iam"),
    ];
    // One source for both, so that the pod's credentials are fetched once.
    let source: Option<Arc<dyn TokenSource>> = match asking.into_iter().flatten().next() {
        Some(flag) => {
            Some(Arc::new(PodIdentity::of(environment).map_err(|reason| vec![format!("{flag}: {reason}")])?))
        }
        None => None,
    };
    let database = database::Wiring {
        data_directory: data_directory(args, environment),
        host: args.database_host.clone(),
        tokens: source.clone().filter(|_| args.database_auth == Auth::Iam),
    };
    let name = args.cache_name.clone().filter(|_| args.cache_auth == Auth::Iam);
    let cache = cache::Wiring {
        host: args.cache_host.clone(),
        tokens: source.zip(name).map(|(source, cache)| cache::TokenAuth { source, cache }),
        prefix: args.cache_prefix.clone(),
    };
    let reasons: Vec<_> = [database.leads_to_database_of(settings), cache.leads_to_cache_of(settings)]
        .into_iter()
        .filter_map(Result::err)
        .map(|refused| refused.to_string())
        .collect();
    if reasons.is_empty() { Ok(Wiring { database, cache }) } else { Err(reasons) }
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

/// Adds the remedy to the problem of a missing secret.
fn explained(mut problems: Problems, contract: &Contract, args: &ServeArgs) -> Problems {
    for problem in &mut problems.0 {
        let secret = contract.key(&problem.subject).is_some_and(|key| key.secret);
        if secret && problem.origin.is_none() {
            let key = &problem.subject;
            let file = args.config_dir.as_ref().map(|directory| directory.join("secrets").join(key));
            let file = file.map(|path| format!(", or mount it as {}", path.display())).unwrap_or_default();
            problem.message.push_str(&format!("; set the environment variable {key}{file}"));
        }
    }
    problems
}

fn random_key() -> Result<String, Problems> {
    let mut bytes = [0; SECRET_KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| internal(&format!("no random numbers: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn internal(message: &str) -> Problems {
    Problems(vec![Problem { subject: "myapp".into(), message: message.into(), origin: None }])
}
