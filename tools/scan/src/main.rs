//! The tool behind `cargo xtask scan`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    kit::exit::report(scan::Args::parse().run())
}
