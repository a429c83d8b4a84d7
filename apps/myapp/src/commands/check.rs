use crate::args::ServeArgs;
use crate::configuration::Environment;

use super::{EXIT_USAGE, Given, complain, say};

/// Gives the verdict that `serve` would give, and touches nothing.
pub(super) fn check(args: &ServeArgs, environment: &Environment) -> u8 {
    match super::read(args, environment) {
        Ok(Given { configuration, .. }) => {
            let unknown = configuration.loaded.unknown.iter();
            let notes: String =
                unknown.map(|unknown| format!("\nunknown setting ignored: {unknown}")).collect();
            say(format_args!("the configuration is valid{notes}"))
        }
        Err(problems) => complain(EXIT_USAGE, problems),
    }
}
