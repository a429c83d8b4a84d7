//! The primitives of the session limit, in one place: a model check compiles that with its own (`fuzz/model`).

pub(super) use std::sync::{Arc, Mutex, PoisonError};
