//! Targets of log lines that are written at every level.

/// Target of lines on the life of the process (start, stop, reload). Written at every level, and dropped only if the log has
/// not been read for megabytes.
pub const LIFECYCLE: &str = "lifecycle";

/// Target of lines on panics; written and retained like those of [`LIFECYCLE`].
pub const PANIC: &str = "panic";
