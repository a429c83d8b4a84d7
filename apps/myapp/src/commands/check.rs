use crate::args::ServeArgs;
use crate::configuration::Environment;
use crate::printable::printable;

use super::{EXIT_USAGE, Given, MAX_LINE_CHARS, complain, say};

/// Gives the verdict that `serve` would give, and touches nothing.
pub(super) fn check(args: &ServeArgs, environment: &Environment) -> u8 {
    match super::read(args, environment) {
        Ok(Given { configuration, traces, .. }) => {
            let unknown = configuration.loaded.unknown.iter();
            let unknown = unknown.map(|unknown| format!("unknown setting ignored: {unknown}"));
            let variables = super::unknown_variables(environment);
            let variables = variables.iter().map(|variable| format!("unknown variable ignored: {variable}"));
            let notes: String = unknown
                .chain(traces.notes())
                .chain(variables)
                .map(|note| format!("\n{}", printable(&note, MAX_LINE_CHARS)))
                .collect();
            say(format_args!("the configuration is valid{notes}"))
        }
        Err(problems) => complain(EXIT_USAGE, problems),
    }
}
