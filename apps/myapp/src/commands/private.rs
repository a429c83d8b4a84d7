//! The memory of the process, kept from leaving it: it holds the secrets in force.

use rustix::io;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Switches core dumps off, and closes the memory and the environment of the process (`/proc/PID/mem`, `/proc/PID/environ`)
/// to other processes of the same user.
///
/// Both calls are needed: a limit of 0 does not hold where the system hands core dumps to a program (core(5)), and "not
/// dumpable" is lost by whoever calls `execve`.
pub(super) fn keep_memory_private() -> io::Result<()> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).and(set_dumpable_behavior(DumpableBehavior::NotDumpable))
}
