//! Synchronization primitives of the connection state, in one place: a model check replaces them (`fuzz/model`).

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
