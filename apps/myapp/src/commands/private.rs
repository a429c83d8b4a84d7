//! Protection of the process's memory from other processes and core dumps: it contains the secrets in force.

use rustix::io;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Disables core dumps, and closes the memory and the environment of the process (`/proc/PID/mem`, `/proc/PID/environ`)
/// to other processes of the same user.
///
/// Both calls are needed: a limit of 0 has no effect if the system pipes core dumps to a program (core(5)), and `execve` clears
/// the "not dumpable" attribute.
pub(super) fn keep_memory_private() -> io::Result<()> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).and(set_dumpable_behavior(DumpableBehavior::NotDumpable))
}
