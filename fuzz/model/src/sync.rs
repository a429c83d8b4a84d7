//! The primitives that the checked files use, as loom has them. `Arc` is that of `std`: whom it counts is not checked.

pub use std::sync::{Arc, PoisonError};

pub use loom::sync::Mutex;
pub use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub use crate::semaphore::{OwnedSemaphorePermit, Semaphore};
