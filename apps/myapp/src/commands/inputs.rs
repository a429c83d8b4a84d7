//! The inputs of `serve` and `check`: flags, environment and configuration, read and checked together.

use std::ffi::OsStr;

use chassis::UnknownVariable;
use chassis::telemetry::{TracePlan, TraceSettings};
use live_config::Contract;

use crate::args::{Cli, ServeArgs};
use crate::configuration::{self, Configuration, Environment};
use crate::live::Wiring;

/// All inputs of `serve` besides its flags.
pub(super) struct StartupInputs {
    pub(super) configuration: Configuration,
    /// Connection options of the database and the cache.
    pub(super) wiring: Wiring,
    /// Destination of traces, and the variables for them that are ignored.
    pub(super) traces: TracePlan,
}

impl StartupInputs {
    /// Reads and checks all inputs.
    ///
    /// # Errors
    /// The problems of all parts, one on each line.
    pub(super) fn read(args: &ServeArgs, environment: &Environment) -> Result<Self, String> {
        let configuration = configuration::read(args, environment).map_err(|problems| problems.to_string());
        let wired = configuration.and_then(|configuration| {
            let wiring = Wiring::of(args, environment, &configuration.loaded.settings);
            let wiring = wiring.map_err(|reasons| reasons.join("\n"))?;
            Ok((configuration, wiring))
        });
        let contradictions = args.contradictions();
        let (configuration, wiring) = match wired {
            Ok(wired) if contradictions.is_empty() => wired,
            wired => {
                return Err(wired.err().into_iter().chain(contradictions).collect::<Vec<_>>().join("\n"));
            }
        };
        let variable = |name: &str| environment.get(OsStr::new(name)).cloned();
        let traces = TraceSettings::from_env(variable, env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Ok(Self { configuration, wiring, traces })
    }
}

/// Returns the variables that are most likely misspelt: with the prefix of the flags but of no flag, or almost named like a setting.
pub(super) fn unknown_variables(environment: &Environment, contract: &Contract) -> Vec<UnknownVariable> {
    let settings: Vec<_> = contract.keys().iter().map(|key| key.name.as_str()).collect();
    chassis::unknown_variables(&Cli::full_command(), "MYAPP", &settings, environment.keys())
}
