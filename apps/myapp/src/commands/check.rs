use fleet::printable;

use crate::args::ServeArgs;
use crate::configuration::Environment;
use crate::exit_code;

use super::inputs::{StartupInputs, unknown_variables};
use super::output::{self, MAX_LINE_CHARS};

/// Returns the same result as the start of `serve`, without side effects.
pub(super) fn check(args: &ServeArgs, environment: &Environment) -> u8 {
    match StartupInputs::read(args, environment) {
        Ok(StartupInputs { configuration, traces, .. }) => {
            let unknown = configuration.loaded.unknown.iter();
            let unknown = unknown.map(|unknown| format!("unknown setting ignored: {unknown}"));
            let variables = unknown_variables(environment, &configuration.contract);
            let variables = variables.iter().map(|variable| format!("unknown variable ignored: {variable}"));
            let notes: String = unknown
                .chain(traces.notes())
                .chain(variables)
                .map(|note| format!("\n{}", printable(&note, MAX_LINE_CHARS)))
                .collect();
            output::answer(format_args!("the configuration is valid{notes}"))
        }
        Err(problems) => output::fail(exit_code::USAGE, problems),
    }
}
