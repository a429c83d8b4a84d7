//! Parsers of flag values, and the rule that every flag is also an environment variable.

mod variables;

use std::time::Duration;

pub use variables::{UnknownVariable, naming_variables, unknown_variables, with_variables_named};

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};

/// Longer than any timeout that makes sense. Durations are added to times, and to each other, without a further check.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Gives every flag of `command` and of its subcommands the variable `PREFIX_FLAG_NAME`.
///
/// Covers the flags that take a value and the boolean ones; a boolean variable takes `true`, `false`, `1`, `0`, `yes`,
/// `no`, `on` or `off`. A flag that names a variable itself keeps it. Applied to the finished command, so that no flag
/// can be forgotten. Values are hidden in the help text, which therefore reads the same on every machine.
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

/// Parses a duration such as `5s`, `500ms` or `1m 30s`; use it as clap `value_parser`.
///
/// # Errors
/// The message to show when the text is no duration, a number without a unit (also `0`: write `0s`), or longer than 365 days.
pub fn duration(text: &str) -> Result<Duration, String> {
    if text.trim().parse::<f64>().is_ok() {
        return Err(format!("a duration needs a unit, for example `{0}s` or `{0}ms`", text.trim()));
    }
    let parsed =
        humantime::parse_duration(text).map_err(|error| format!("{error}, for example `5s` or `500ms`"))?;
    if parsed > LONGEST {
        return Err("must be 365 days at most".to_owned());
    }
    Ok(parsed)
}

/// Parses a duration like [`duration`], above zero: a limit of nothing would refuse everything.
///
/// # Errors
/// As [`duration`], and for zero.
pub fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        parsed => Ok(parsed),
    }
}
