//! The process: reads its arguments, passes them to the library, and returns the outcome as exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    confpath::run(std::env::args_os())
}
