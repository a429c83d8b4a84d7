//! The terminal that the agent was started from, if there is one.

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;

/// True if the agent's process group is the one that the terminal's keys reach. CMD then stays in that group: Ctrl-C and Ctrl-Z reach
/// it as they would without the agent.
pub(super) fn is_in_foreground() -> bool {
    let terminal = openat(CWD, "/dev/tty", OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty());
    terminal.is_ok_and(|terminal| tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()))
}
