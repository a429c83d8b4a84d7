//! The key of an encrypted plan.

/// The variable with the private key that opens an encrypted plan. No flag: command lines can be read by everyone on a machine.
pub(super) const IDENTITY: &str = "PLAN_IDENTITY";
