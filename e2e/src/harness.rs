//! What tests on a live cluster share. Unlike the rest of this crate it returns no errors: what it cannot do fails the test that
//! asked for it.

#![expect(clippy::panic, reason = "a harness ends its test with a sentence")]

pub mod clients;
pub mod cluster;
pub mod command;
pub mod extras;
pub mod load;
pub mod logs;
pub mod namespace;
pub mod postgres;
pub mod registry;
pub mod wait;
