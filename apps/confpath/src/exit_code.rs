//! Exit codes, the same for every command.

/// The configuration is valid.
pub const VALID: u8 = 0;
/// The configuration is refused.
pub const INVALID: u8 = 1;
/// A source could not be read, so that there is no verdict.
pub const UNKNOWN: u8 = 2;
/// Wrong input: flags or the contract (`EX_USAGE` of sysexits.h).
pub const USAGE: u8 = 64;
