//! The project's tasks, each a subcommand: `cargo xtask help`.

mod args;
mod bench;
mod check;
mod cluster;
mod codegen;
mod deploy;
mod drift;
mod image;
mod oci;
mod picture;
mod process;
mod release;
mod rollout;
mod scan;
mod test;
mod tools;
mod ui;
mod up;
mod wait;
#[cfg(test)]
mod workflows;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

const FAILED: u8 = 1;
const TOOLS_MISSING: u8 = 2;

fn main() -> ExitCode {
    match args::Args::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::error(&format!("{error:#}"));
            ExitCode::from(status(&error))
        }
    }
}

fn status(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<drift::Answer>() {
        Some(answer) => answer.code(),
        None if error.is::<tools::Missing>() => TOOLS_MISSING,
        None => FAILED,
    }
}
