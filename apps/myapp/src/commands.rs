//! What the process can be asked to do, and the exit code of each outcome.

mod check;
mod private;
mod serve;
mod verify;

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

use chassis::UnknownVariable;
use chassis::telemetry::{TracePlan, TraceSettings};

use crate::args::{Cli, Command, ServeArgs};
use crate::configuration::{self, Configuration, Environment, Wiring};
use crate::printable::printable;
use crate::settings;

/// What was given is wrong: flags or configuration (`EX_USAGE` of sysexits.h).
pub const EXIT_USAGE: u8 = 64;
/// What was given is right, but it cannot be done here and now.
pub const EXIT_FAILURE: u8 = 1;

/// Characters of a line that quotes what a file or another process holds.
const MAX_LINE_CHARS: usize = 4000;

/// Does what was asked for and says how it went.
pub fn run(cli: Cli, environment: &Environment) -> ExitCode {
    let code = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => serve::serve(&args, environment),
        Command::Check(args) => check::check(&args, environment),
        Command::Schema => schema(),
        Command::Verify(args) => verify::verify(&args),
    };
    code.into()
}

/// All that `serve` is given besides its flags.
struct Given {
    configuration: Configuration,
    /// How database and cache are reached.
    wiring: Wiring,
    /// Destination of traces, and the variables for them that are not followed.
    traces: TracePlan,
}

/// Reads it. One problem a line, of all its parts.
fn read(args: &ServeArgs, environment: &Environment) -> Result<Given, String> {
    let configuration = configuration::read(args, environment).map_err(|problems| problems.to_string());
    let wired = configuration.and_then(|configuration| {
        let wiring = configuration::wiring(args, environment, &configuration.loaded.settings);
        let wiring = wiring.map_err(|reasons| reasons.join("\n"))?;
        Ok((configuration, wiring))
    });
    let contradictions = args.contradictions();
    let (configuration, wiring) = match wired {
        Ok(wired) if contradictions.is_empty() => wired,
        wired => return Err(wired.err().into_iter().chain(contradictions).collect::<Vec<_>>().join("\n")),
    };
    let variable = |name: &str| environment.get(OsStr::new(name)).cloned();
    let traces = TraceSettings::from_env(variable, env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    Ok(Given { configuration, wiring, traces })
}

/// Variables that look like those of flags and are none, most likely mistyped.
fn unknown_variables(environment: &Environment) -> Vec<UnknownVariable> {
    chassis::unknown_variables(&Cli::full_command(), "MYAPP", environment.keys())
}

fn schema() -> u8 {
    match settings::contract().map(|contract| format!("{:#}", contract.schema())) {
        Ok(text) => say(text),
        Err(error) => complain(EXIT_FAILURE, error),
    }
}

/// Writes to standard output; a reader that has gone away is no failure of ours.
fn say(text: impl Display) -> u8 {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
    0
}

/// Writes to standard error, one line a problem, and hands back the exit code.
fn complain(code: u8, problems: impl Display) -> u8 {
    let mut stderr = std::io::stderr().lock();
    for line in problems.to_string().lines() {
        let _ = writeln!(stderr, "myapp: {}", printable(line, MAX_LINE_CHARS));
    }
    code
}
