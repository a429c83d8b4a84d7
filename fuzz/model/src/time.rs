//! Time as tokio has it: no check depends on how much of it passes.

pub use std::time::Instant;
