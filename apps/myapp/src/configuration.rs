//! The inputs of the process, checked as a whole.

use std::collections::BTreeMap;
use std::ffi::OsString;

use live_config::{Contract, Loaded, Problem, Problems, Sources};

use crate::args::ServeArgs;
use crate::settings::{self, Settings};

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
