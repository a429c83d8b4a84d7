//! The process: reads what it was given, hands it to the library, and turns the outcome into an exit code.

use std::process::ExitCode;

use myapp::args::Cli;
use myapp::commands;

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    commands::run(cli, &std::env::vars_os().collect())
}
