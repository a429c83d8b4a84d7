//! Each scan finds what is planted for it and nothing beside it.
//!
//! Everything goes through `cargo xtask scan` itself, on small projects that Git knows.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod code;
mod dependencies;
mod image;
mod policies;
mod project;
mod secrets;
mod task;
mod workflows;
