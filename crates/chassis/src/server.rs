//! The server: [`Builder`] collects listeners, [`Bound`] holds their sockets, and [`Bound::serve`] serves until drained and
//! returns a [`DrainReport`].
//!
//! A connection passes `listen`, `connection` and `http`, in this order; `drain` stops it and `record` records it. `fast`, if
//! compiled in, answers simple requests in place of hyper.

mod bound;
mod builder;
mod connection;
mod drain;
#[cfg(feature = "fast-path")]
mod fast;
#[cfg(all(fuzzing, feature = "fast-path"))]
pub mod fuzzing;
mod http;
mod listen;
mod listener;
mod record;

pub use bound::Bound;
pub use builder::Builder;
#[cfg(feature = "fast-path")]
pub use fast::path::{FastPath, FastResponse};
pub use listen::bind::{BindError, BindErrors};
pub use listener::{Listener, Role};
pub use record::counters::DrainReport;
