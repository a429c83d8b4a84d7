//! The roots for AWS against a fake: that they apply, plan empty and are destroyed to nothing, that they keep no secret, and who
//! reaches whom in what they make. What the fake can show and what not: `e2e/fake-aws/README.md`.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod account;
mod app;
mod bootstrap;
mod infra;
mod picture;
mod platform;
mod published;
mod reachability;
mod secrets;
mod settings;
