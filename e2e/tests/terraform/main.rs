//! Terraform's validation and messages, with its providers mocked: thousands of values are easier generated here than in HCL,
//! and Terraform's messages can be read here only.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod doors;
mod random_contracts;
mod secrets;
mod sentences;
mod support;
