//! Commands of the process, each with its exit code.

mod check;
mod inputs;
mod output;
mod private;
mod serve;
mod verify;

use std::process::ExitCode;

use crate::args::{Cli, Command};
use crate::configuration::Environment;
use crate::exit_code;
use crate::settings;

/// Runs the command that `cli` names and returns its exit code.
pub fn run(cli: Cli, environment: &Environment) -> ExitCode {
    let code = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => serve::serve(&args, environment),
        Command::Check(args) => check::check(&args, environment),
        Command::Schema => schema(),
        Command::Verify(args) => verify::verify(&args),
    };
    code.into()
}

fn schema() -> u8 {
    match settings::contract().map(|contract| format!("{:#}", contract.schema())) {
        Ok(text) => output::answer(text),
        Err(error) => output::fail(exit_code::FAILURE, error),
    }
}
