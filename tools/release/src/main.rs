//! The tool behind `cargo xtask image` and `release`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    kit::exit::report(release::Args::parse().run())
}
