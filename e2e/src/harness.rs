//! Shared harness of the tests on a live cluster. Unlike the rest of this crate it returns no errors: a step that fails ends
//! the test that called it.

#![expect(clippy::panic, reason = "a harness ends its test with a sentence")]

pub mod clients;
pub mod cluster;
pub mod command;
pub mod extras;
pub mod load;
pub mod logs;
pub mod namespace;
pub mod postgres;
pub mod python_image;
pub mod registry;
pub mod wait;
