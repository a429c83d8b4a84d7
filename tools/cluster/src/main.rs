//! The tool behind `cargo xtask up`, `down` and `cluster`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    kit::exit::report(cluster::Args::parse().run())
}
