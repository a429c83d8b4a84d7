//! The primitives of the connection state, in one place: a model check compiles that with its own (`fuzz/model`).

pub(super) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
