//! The roots for AWS against a fake: they apply, plan empty and are destroyed completely, they store no secret, and their
//! network allows the documented connections only. Abilities and limits of the fake: `e2e/fake-aws/README.md`.

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
