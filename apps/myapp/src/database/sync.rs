//! The synchronisation primitives of the session limit, in one place: a model check replaces them with its own (`fuzz/model`).

pub(super) use std::sync::{Arc, Mutex, PoisonError};
