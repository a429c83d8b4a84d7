//! The project's tasks, each a subcommand: `cargo xtask help`.

mod args;
mod check;
mod codegen;
mod door;
mod picture;
mod test;
mod tool;
#[cfg(test)]
mod workflows;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    args::Args::parse().run().unwrap_or_else(|error| kit::exit::report(Err(error)))
}
