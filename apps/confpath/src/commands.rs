//! The commands: from arguments to output and exit code.

mod check;
mod output;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::args::{Cli, Command};
use crate::exit_code;

/// Runs the command that `arguments` name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::read(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing is left to do where even stderr is closed.
            let _ = error.print();
            let is_error = error.use_stderr();
            return if is_error { exit_code::USAGE } else { exit_code::VALID }.into();
        }
    };
    match cli.command {
        Command::Check(args) => check::check(&args),
    }
    .into()
}
