//! The project's tasks, each a subcommand: `cargo xtask help`.

mod args;
mod check;
mod codegen;
mod picture;
mod test;
mod tool;
#[cfg(test)]
mod workflows;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    kit::exit::report(args::Args::parse().run())
}
