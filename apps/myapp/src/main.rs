//! The process: reads its inputs, passes them to the library, and returns the outcome as exit code.

use std::alloc::System;
use std::process::ExitCode;

use myapp::args::Cli;
use myapp::commands;
use zeroizing_alloc::ZeroAlloc;

/// Overwrites memory when it is freed. A secret passes through buffers of libraries (the database driver, hyper, serde), and no
/// copy may remain in the process after the secret is replaced.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    commands::run(cli, &std::env::vars_os().collect())
}
