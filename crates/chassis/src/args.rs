//! Flags: parsers of their values, and an environment variable for each of them.

pub(crate) mod variables;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};

/// Gives every flag of `command` and of its subcommands the environment variable `PREFIX_FLAG_NAME`.
///
/// Covers flags with a value and boolean flags; a boolean variable accepts `true`, `false`, `1`, `0`, `yes`, `no`, `on` or
/// `off`. A flag that names a variable itself retains it. Call it on the finished command, so that no flag is left out.
/// The help text hides the values, so it is the same on every machine.
#[must_use]
pub fn with_env_prefix(command: Command, prefix: &str) -> Command {
    command
        .mut_args(|arg| with_variable(arg, prefix))
        .mut_subcommands(|subcommand| with_env_prefix(subcommand, prefix))
}

fn with_variable(arg: Arg, prefix: &str) -> Arg {
    let Some(flag) = arg.get_long() else { return arg };
    if arg.get_env().is_some() {
        return arg;
    }
    let variable = format!("{prefix}_{}", flag.replace('-', "_").to_ascii_uppercase());
    let action = arg.get_action().clone();
    if matches!(action, ArgAction::SetTrue | ArgAction::SetFalse) {
        return arg.env(variable).hide_env_values(true).value_parser(BoolishValueParser::new());
    }
    if action.takes_values() { arg.env(variable).hide_env_values(true) } else { arg }
}
