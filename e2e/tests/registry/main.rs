//! A release as a pipeline makes it, and its way into a real registry and back.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod contents;
mod packing;
mod refusals;
mod round_trip;
mod tool;
