//! The commands: from arguments to output and exit code.

mod check;
mod deploy;
mod diff;
mod drift;
mod generate;
mod import;
mod init;
mod install;
mod output;
#[cfg(target_os = "linux")]
mod run;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

#[cfg(target_os = "linux")]
use crate::agent::process::first_stage::FirstStage;
use crate::args::{Cli, Command};
use crate::exit_code;
use output::print;

/// The JSON Schema of contracts. It repeats what the crate `contract` accepts; a test compares both.
const CONTRACT_SCHEMA: &str = include_str!("contract.schema.json");

/// Runs the command that `arguments` name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    #[cfg(target_os = "linux")]
    if let Some(call) = FirstStage::of(&arguments) {
        return call.run().into();
    }
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
        Command::Init(args) => init::init(&args),
        Command::Generate(args) => generate::generate(&args),
        Command::Diff(args) => diff::diff(&args),
        Command::Import(args) => import::import(&args),
        #[cfg(target_os = "linux")]
        Command::Run(args) => run::run(*args),
        Command::Deploy(command) => deploy::deploy(&command),
        Command::Drift(args) => drift::drift(&args),
        Command::Verify(args) => verify::verify(&args),
        Command::Install(args) => install::install(&args),
        Command::ContractSchema => {
            print(CONTRACT_SCHEMA.lines().map(str::to_owned));
            exit_code::VALID
        }
    }
    .into()
}
