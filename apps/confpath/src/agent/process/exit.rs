//! The end of a process.

use std::fmt;

use rustix::process::WaitStatus;

/// Exit code of a shell for a command that cannot be executed.
pub(crate) const NOT_EXECUTABLE: u8 = 126;
/// Exit code of a shell for a command that is not found.
pub(crate) const NOT_FOUND: u8 = 127;

/// The way in which a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// With this exit code.
    Code(u8),
    /// By the signal of this number.
    Signal(u8),
}

impl Exit {
    /// The end that `status` reports; `None` for a process that goes on.
    pub(super) fn of(status: WaitStatus) -> Option<Self> {
        let number = |number: i32| u8::try_from(number & 0xff).unwrap_or(u8::MAX);
        let code = status.exit_status().map(|code| Self::Code(number(code)));
        code.or_else(|| status.terminating_signal().map(|signal| Self::Signal(number(signal))))
    }

    /// The exit code by which a shell reports this end: 128 and the number of the signal.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(number) => number.saturating_add(128),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(number) => write!(f, "signal {number}"),
        }
    }
}
