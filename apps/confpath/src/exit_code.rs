//! Exit codes, the same for every command.

/// Yes: the configuration is valid, the replicas agree, the deploy is done.
pub const VALID: u8 = 0;
/// No: the configuration is refused, something differs, the deploy has failed.
pub const INVALID: u8 = 1;
/// No verdict: a source, a cluster or a replica gave no answer, or a program is missing.
pub const UNKNOWN: u8 = 2;
/// Wrong input: flags or the contract (`EX_USAGE` of sysexits.h).
pub const USAGE: u8 = 64;
