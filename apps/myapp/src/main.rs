//! The process: reads what it was given, hands it to the library, and turns the outcome into an exit code.

use std::alloc::System;
use std::process::ExitCode;

use myapp::args::Cli;
use myapp::commands;
use zeroizing_alloc::ZeroAlloc;

/// Overwrites memory when it is freed. A secret passes through buffers that are not this service's own (of the database's
/// driver, of hyper, of serde), and none of them may be found in the process once the secret is replaced.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    commands::run(cli, &std::env::vars_os().collect())
}
