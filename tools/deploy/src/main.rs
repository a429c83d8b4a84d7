//! The tool behind `cargo xtask deploy` and `drift`.

use std::process::ExitCode;

use clap::Parser as _;
use deploy::{Answer, Args};

fn main() -> ExitCode {
    let code = |error: &anyhow::Error| error.downcast_ref().map(Answer::code);
    kit::exit::report_with(Args::parse().run(), code)
}
