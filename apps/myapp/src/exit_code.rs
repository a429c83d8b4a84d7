//! Exit codes of the process.

/// Wrong input: flags or configuration (`EX_USAGE` of sysexits.h).
pub const USAGE: u8 = 64;
/// Valid input that cannot be acted on here and now.
pub const FAILURE: u8 = 1;
