//! The process: reads its arguments, passes them to the library, and returns the outcome as exit code.

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Overwrites memory when it is freed: no copy of a secret may remain in the agent after the secret is replaced.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    confpath::run(std::env::args_os())
}
