//! The tool behind `cargo xtask bench`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    kit::exit::report(bench::Args::parse().run())
}
